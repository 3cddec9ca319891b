// Checks that need several ranks: `mpirun -n 3 rank-checks exchange --nodes 2`. Tests/RankTests runs them.
import Communication
import Glibc

let arguments = CheckArguments(CommandLine.arguments.dropFirst())
guard let check = checks[arguments.name] else {
    StandardError.print("usage: rank-checks \(checks.keys.sorted().joined(separator: "|")) [--option value ...]")
    exit(64)
}
let world: World
do {
    world = try World.start()
} catch {
    StandardError.print("\(error)")
    exit(error.exitStatus.rawValue)
}
do {
    try check(world, arguments)
    try world.finish()
} catch {
    world.end(with: error)
}
