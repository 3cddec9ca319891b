import TestSupport
import Testing

@Suite("Communication between ranks", .serialized)
struct CommunicationTests {
    @Test("Collectives transfer messages of any length, also in pieces", arguments: [1, 4])
    func collectives(ranks: Int) throws {
        let run = try ProgramRun.onRanks(ranks, "rank-checks", ["collectives"])
        #expect(run.output == "collectives agree on \(ranks) ranks\n" && run.status == 0, "\(run)")
    }

    @Test("The sleeping barrier makes writes visible, with fewer and with more ranks than cores", arguments: [2, 7])
    func barrier(ranks: Int) throws {
        let run = try ProgramRun.onRanks(ranks, "rank-checks", ["barrier"])
        #expect(run.output == "2000 rounds of the barrier on \(ranks) ranks\n" && run.status == 0, "\(run)")
    }

    @Test("A signal to one rank reaches all ranks at the end of the step")
    func signals() throws {
        let run = try ProgramRun.onRanks(3, "rank-checks", ["signals"])
        #expect(run.output == "signals reach all 3 ranks\n" && run.status == 0, "\(run)")
    }

    @Test("A failure on one rank gives one message and one status on all ranks")
    func agreement() throws {
        let good = try ProgramRun.onRanks(3, "rank-checks", ["agree"])
        #expect(good.output == "no failure\n" && good.status == 0, "\(good)")
        let bad = try ProgramRun.onRanks(3, "rank-checks", ["agree", "--failing", "2"])
        #expect(bad.errors.split(separator: "\n").filter { $0.contains("the data of rank 2 are wrong") }.count == 1, "\(bad)")
        #expect(bad.errors.split(separator: "\n").contains { $0.hasPrefix("rnntrain: error: rank 2 (") }, "\(bad)")
        #expect(bad.output == "" && bad.status == 65, "\(bad)")
    }

    @Test("All ranks end if one fails or is killed while the others wait")
    func failures() throws {
        let failed = try ProgramRun.onRanks(3, "rank-checks", ["fail", "--failing", "1"], timeLimit: 20)
        #expect(failed.errors.split(separator: "\n").contains { $0.hasPrefix("rnntrain: error: rank 1 (") }, "\(failed)")
        #expect(failed.status == 65 && !failed.timedOut, "\(failed)")
        let killed = try ProgramRun.onRanks(3, "rank-checks", ["death", "--failing", "1"], timeLimit: 20)
        #expect(killed.status == 137 && !killed.timedOut, "\(killed)")
    }

    @Test("A single rank needs no launcher, and the launcher of another MPI is refused")
    func launchers() throws {
        let alone = try ProgramRun.alone("rank-checks", ["collectives"])
        #expect(alone.output == "collectives agree on 1 ranks\n" && alone.status == 0, "\(alone)")
        for variable in ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE"] {
            let foreign = try ProgramRun.alone("rank-checks", ["collectives"], environment: [variable: "4"])
            #expect(
                foreign.errors.contains("this is one of 4 separate processes, or the only process of a job with 4 tasks"),
                "\(foreign)")
            #expect(foreign.errors.contains("srun --mpi=pmix") && foreign.status == 64, "\(foreign)")
        }
    }
}
