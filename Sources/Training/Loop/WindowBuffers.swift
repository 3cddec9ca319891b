import Tensors
import TextData

/// One window of this rank's streams: inputs, targets and mask, `[T, B]` each.
final class WindowBuffers {
    let inputs: UnsafeMutableBufferPointer<Int32>
    let targets: UnsafeMutableBufferPointer<Int32>
    let mask: UnsafeMutableBufferPointer<Float>
    private let workspace = Workspace()

    init(steps: Int, streams: Int) {
        let count = steps * streams
        inputs = .init(start: workspace.allocate(Int32.self, count: count), count: count)
        targets = .init(start: workspace.allocate(Int32.self, count: count), count: count)
        mask = .init(start: workspace.allocate(Float.self, count: count), count: count)
    }

    /// Reads window `window`; returns its steps.
    func read(_ window: Int, from reader: WindowReader) -> Int {
        reader.fill(window: window, inputs: inputs, targets: targets, mask: mask)
    }
}
