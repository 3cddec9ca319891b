import Foundation
import Testing

@Suite("Recipes")
struct RecipeTests {
    @Test("Every recipe in the launch folder is a valid configuration")
    func valid() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let recipes = try FileManager.default.contentsOfDirectory(
            at: root.appending(path: "launch/recipes"), includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "toml" }
        #expect(!recipes.isEmpty)
        for recipe in recipes {
            let path = recipe.path(percentEncoded: false)
            let outcome = try ProcessRunner.rnntrain(
                ["--config", path, "--train", "a", "--valid", "b", "--run", "c", "--print-config"])
            #expect(outcome.status == 0, "\(path): \(outcome.errors)")
        }
    }
}
