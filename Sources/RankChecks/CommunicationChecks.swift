import Communication
import Failures
import Glibc

/// Checks the collectives, with messages divided into small pieces.
func checkCollectives(_ world: World, _ arguments: CheckArguments) throws {
    World.setPieceByteCount(arguments.number("piece", or: 1000))
    let last = world.rankCount - 1
    try expectEqual(try world.broadcast(world.rank + 5, from: last), last + 5, "broadcast of a number")
    let text = "rank \(world.rank) says äöü"
    try expectEqual(try world.broadcast(text, from: last), "rank \(last) says äöü", "broadcast of a text")
    try expectEqual(try world.broadcast(world.isRoot ? "" : "x"), "", "broadcast of nothing")
    let long = (0..<5001).map { Int32($0 + world.rank) }
    try expectEqual(try world.broadcast(long, from: last), (0..<5001).map { Int32($0 + last) }, "broadcast in pieces")
    try expectEqual(try world.allgather(world.rank * 3), (0..<world.rankCount).map { $0 * 3 }, "allgather")
    try expectEqual(try world.max(-world.rank * world.rank), 0, "max")
    // Rank r contributes 700 r numbers: none, one piece, or several pieces.
    let mine = [Int32](repeating: Int32(world.rank), count: 700 * world.rank)
    let all = (0..<world.rankCount).flatMap { [Int32](repeating: Int32($0), count: 700 * $0) }
    try expectEqual(try world.gather(mine), world.isRoot ? all : [], "gather")
    let covered = world.hosts.flatMap { $0 }
    try expectEqual(covered, Array(0..<world.rankCount), "ranks of the hosts")
    try world.barrier()
    report(world, "collectives agree on \(world.rankCount) ranks")
}

/// Every rank writes the round number to the window. After the barrier every rank must see the round numbers of all others.
func checkBarrier(_ world: World, _ arguments: CheckArguments) throws {
    let rounds = arguments.number("rounds", or: 2000)
    let group = try Communicator(of: world, colour: 0)
    let window = try SharedWindow(in: group, byteCount: 4096 + SleepingBarrier.byteCount)
    var barrier = try SleepingBarrier(in: group, state: window.base + 4096)
    let entries = window.base.assumingMemoryBound(to: Int64.self)
    for round in 1...rounds {
        if scrambled(round, world.rank) % 97 == 0 { usleep(300) }  // sleeps longer than the other ranks spin
        entries[world.rank] = Int64(round)
        barrier.wait()
        for rank in 0..<world.rankCount { try expectEqual(entries[rank], Int64(round), "round of rank \(rank)") }
        barrier.wait()
    }
    report(world, "\(rounds) rounds of the barrier on \(world.rankCount) ranks")
}

/// With `--failing R`, rank R fails, and all ranks must receive its failure. Otherwise none fails.
func checkAgreement(_ world: World, _ arguments: CheckArguments) throws {
    let failing = arguments.number("failing", or: -1)
    let value = try world.agree {
        if world.rank == failing { throw WrongData(rank: failing) }
        return world.rank + 1
    }
    try expectEqual(value, world.rank + 1, "the value agreed on")
    let onRoot = try world.agreeOnRoot { "root" }
    try expectEqual(onRoot, world.isRoot ? "root" : nil, "the value of rank 0")
    report(world, "no failure")
}

/// Only rank `--failing` fails, while the other ranks wait for it.
func checkFailure(_ world: World, _ arguments: CheckArguments) throws {
    if world.rank == arguments.number("failing", or: 0) { throw WrongData(rank: world.rank) }
    try world.barrier()
}

/// Rank `--failing` is killed, while the other ranks sleep in a barrier of the window.
func checkDeath(_ world: World, _ arguments: CheckArguments) throws {
    let group = try Communicator(of: world, colour: 0)
    let window = try SharedWindow(in: group, byteCount: 4096)
    var barrier = try SleepingBarrier(in: group, state: window.base)
    barrier.wait()
    if world.rank == arguments.number("failing", or: 0) { kill(getpid(), SIGKILL) }
    barrier.wait()
}

private struct WrongData: UserFacingError {
    let rank: Int
    var exitStatus: ExitStatus { .badData }
    var description: String { "the data of rank \(rank) are wrong" }
}
