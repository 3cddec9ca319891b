import Tensors
import TestSupport
import Testing

extension LevelTests {
    @Suite("The sum of the bits of packed weights")
    struct PackedBitsTests {
        @Test(
            "is what their elements give, whatever parts these are taken in; a flipped bit changes it",
            arguments: [(13, 7), (40, 33), (70, 65), (33, 16)], [Precision.fp32, .bf16])
        func sums(size: (rows: Int, columns: Int), precision: Precision) {
            let workspace = Workspace()
            var random = SeededRandom(state: 9)
            var parameters = ParameterLayout()
            parameters.append("unpacked", shape: [5, 3])
            parameters.append("weight", shape: [size.rows, size.columns])
            parameters.append("other", shape: [size.columns, size.rows])
            let values = workspace.random(rows: 1, columns: parameters.elementCount, gap: 0, from: &random).pointer
            let operands = [PackedOperand.Form.forward, .backward].flatMap {
                [
                    PackedOperand(name: "weight", rows: 0..<size.rows, form: $0),
                    PackedOperand(name: "other", rows: 2..<size.columns, form: $0),
                ]
            }
            let layout = PackedLayout(operands, of: parameters, precision: precision)
            Processor.atEachLevel { level in
                let storage = workspace.allocate(Float.self, count: layout.elementCount)
                let weights = PackedWeights(layout, values: values, storage: storage)
                weights.pack(0..<parameters.elementCount)
                let found = { BitSum(storage, count: layout.elementCount).value }
                for parts in [1, 2, 7, 30] {
                    let sum = (0..<parts).reduce(UInt32(0)) { sum, part in
                        let range =
                            (part * parameters.elementCount / parts)..<((part + 1) * parameters.elementCount / parts)
                        return sum &+ weights.expectedBits(of: range).value
                    }
                    #expect(sum == found() && sum != 0, "\(level), \(parts) parts")
                }
                for bit in [0, 15, 16, 31] as [UInt32] {
                    let place = storage + Int.random(in: 0..<layout.elementCount, using: &random)
                    let before = place.pointee
                    place.pointee = Float(bitPattern: before.bitPattern ^ (1 << bit))
                    #expect(weights.expectedBits(of: 0..<parameters.elementCount).value != found(), "\(level), bit \(bit)")
                    place.pointee = before
                }
            }
            withExtendedLifetime(workspace) {}
        }
    }
}
