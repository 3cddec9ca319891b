import Configuration
import Kinds
import Testing
import Training

@Suite("The advice after a divergence")
struct DivergenceAdviceTests {
    @Test("It names the learning rate, or the options whose values explain the divergence")
    func options() throws {
        var configuration = TrainingConfiguration()
        #expect(configuration.adviceAfterDivergence.hasPrefix("Resume it with a lower --learning-rate, or "))
        #expect(configuration.adviceAfterDivergence.hasSuffix(" or start a new run with a smaller --clip."))
        configuration.clip = 0
        #expect(configuration.adviceAfterDivergence.hasSuffix(" or start a new run with --clip 1."))
        try configuration.set(ConfigurationKey("weight-decay"), argument: "1e-4")
        #expect(configuration.adviceAfterDivergence.hasPrefix("Resume it with a lower --learning-rate, or "))
        try configuration.set(ConfigurationKey("weight-decay"), argument: "1e9")
        #expect(configuration.adviceAfterDivergence.hasPrefix("Start a new run with a smaller --weight-decay (1000000000.0), "))
        configuration.initialScale = 1000
        #expect(configuration.adviceAfterDivergence.contains("--init-scale (1000.0) and --weight-decay (1000000000.0), "))
        var averaged = TrainingConfiguration()
        try averaged.set(.optimizer, argument: "asgd")
        try averaged.set("asgd-decay", argument: "1e-4")
        #expect(averaged.adviceAfterDivergence.hasPrefix("Resume it with a lower --learning-rate, or "))
        try averaged.set("asgd-decay", argument: "1e9")
        #expect(averaged.adviceAfterDivergence.hasPrefix("Start a new run with a smaller --asgd-decay (1000000000.0), "))
    }
}
