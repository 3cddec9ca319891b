package import Communication
package import Configuration
package import Runs

/// Whether the machine has the memory that a benchmark needs. A run has its own check, which includes disks and checkpoints.
package enum MemoryCheck {
    /// Throws on all ranks (70) if a model and its steps need more memory than a host has. Collective.
    ///
    /// - Parameter configuration: with its number of shards.
    package static func require(_ configuration: TrainingConfiguration, vocabularySize: Int, world: World) throws {
        let survey = try HostSurvey(world: world)
        _ = try world.agreeOnRoot {
            if let shortage = RunCheck.leastShortage(configuration, vocabularySize: vocabularySize, hosts: survey.hosts) {
                throw shortage
            }
            let needs = try MemoryNeeds(
                configuration, vocabularySize: vocabularySize, hosts: survey.hosts.map(\.ranks),
                transport: configuration.exchange == .window ? .window : .messages)
            for host in survey.hosts {
                let checkpoint = host.ranks.contains(0) ? needs.checkpointBytes : 0
                try require(Double(needs.bytes(ofHost: host.ranks) - checkpoint), of: host, isLeast: false)
            }
        }
    }

    /// Throws on all ranks (70) if a host has less than this number of bytes for each of its ranks. Collective.
    package static func require(bytesOfEachRank bytes: Double, world: World) throws {
        let survey = try HostSurvey(world: world)
        _ = try world.agreeOnRoot {
            for host in survey.hosts { try require(bytes * Double(host.ranks.count), of: host, isLeast: true) }
        }
    }

    /// Throws (70) if this process cannot hold a model of one stream: its parameters and the packed weights, which have nearly
    /// the same size.
    package static func requireForGeneration(_ configuration: TrainingConfiguration, vocabularySize: Int) throws(RunCheckError) {
        let figures = MemoryFigures(root: "")
        var host = HostRoom(name: "this machine", ranks: 0..<1, figures: [figures], backing: nil)
        host.processes = [ProcessRoom(figures, for: .oneModel)]
        let needs = configuration.modelShape(vocabularySize: vocabularySize).needs(training: false)
        try require(
            4 * Double(needs.parameters.elementCount + needs.packed.elementCount), of: host, isLeast: true)
    }

    private static func require(_ needed: Double, of host: HostRoom, isLeast: Bool) throws(RunCheckError) {
        let available = host.memoryWithSwap ?? RunCheck.mostBytes
        let share = needed / Double(host.ranks.count)
        if let shortage = host.processShortage(own: { _ in share }, shared: 0, isLeast: isLeast) { throw shortage }
        guard needed > Double(available) else { return }
        throw .memory(host: host.name, ranks: host.ranks.count, needed: needed, available: available, isLeast: isLeast)
    }
}
