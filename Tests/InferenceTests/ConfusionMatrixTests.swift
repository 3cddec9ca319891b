import Tasks
import Testing

@Suite("Confusion matrix")
struct ConfusionMatrixTests {
    /// Four lines of a, of which one is taken for b; four of b, of which two are taken for c; one of c, taken for a; none of d.
    private static let matrix = {
        var matrix = ConfusionMatrix(labels: ["a", "b", "c", "d"])
        for (label, predicted) in [(0, 0), (1, 2), (0, 1), (1, 1), (2, 0), (0, 0), (1, 2), (1, 1), (0, 0)] {
            matrix.add(label: label, predicted: predicted)
        }
        return matrix
    }()

    @Test("The figures of each label are those computed by hand")
    func figures() {
        let matrix = Self.matrix
        #expect(matrix.counts == [4, 4, 1, 0] && matrix.predictedCounts == [4, 3, 2, 0])
        #expect((0..<4).map { matrix.precision($0) } == [3.0 / 4, 2.0 / 3, 0, nil])
        #expect((0..<4).map { matrix.recall($0) } == [3.0 / 4, 2.0 / 4, 0, nil])
        #expect((0..<4).map { matrix.f1($0) } == [3.0 / 4, 4.0 / 7, 0, nil])
        #expect(matrix.macroF1 == (3.0 / 4 + 4.0 / 7 + 0) / 3)
        #expect(ConfusionMatrix(labels: ["a", "b"]).macroF1 == nil)
    }

    @Test("The pairs that occur are in the order of the labels")
    func pairs() {
        let pairs = Self.matrix.occurring.map { [$0.label, $0.predicted, $0.count] }
        #expect(pairs == [[0, 0, 3], [0, 1, 1], [1, 1, 2], [1, 2, 2], [2, 0, 1]])
        #expect(Self.matrix[1, 2] == 2 && Self.matrix[2, 1] == 0)
    }
}
