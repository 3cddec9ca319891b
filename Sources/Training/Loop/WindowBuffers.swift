import Communication
import Tensors
package import TextData

/// One window of this rank's streams: inputs, targets and mask, `[T, B]` each.
package final class WindowBuffers {
    package let inputs: UnsafeMutableBufferPointer<Int32>
    package let targets: UnsafeMutableBufferPointer<Int32>
    package let mask: UnsafeMutableBufferPointer<Float>
    private let workspace = Workspace()

    package init(steps: Int, streams: Int) {
        let count = steps * streams
        inputs = .init(start: workspace.allocate(Int32.self, count: count), count: count)
        targets = .init(start: workspace.allocate(Int32.self, count: count), count: count)
        mask = .init(start: workspace.allocate(Float.self, count: count), count: count)
    }

    /// Reads window `index` of an epoch. Throws the errors of `BatchSource.fill`.
    ///
    /// The text is a mapped file: on a network file system its pages may take long to arrive. In a job of several hosts this rank answers the others
    /// meanwhile, which costs a thread for each window. In a job of one host it costs nothing.
    package func read(_ index: Int, epoch: Int, from source: any BatchSource) throws(TextDataError) {
        guard Watchdog.answersOtherHosts else { return try fill(index, epoch: epoch, from: source) }
        try Watchdog.waitingForDisk { () throws(TextDataError) in try fill(index, epoch: epoch, from: source) }
    }

    private func fill(_ index: Int, epoch: Int, from source: any BatchSource) throws(TextDataError) {
        try source.fill(index, epoch: epoch, inputs: inputs, targets: targets, mask: mask)
    }

    /// Makes the whole window padding.
    func clear() {
        inputs.update(repeating: 0)
        targets.update(repeating: 0)
        mask.update(repeating: 0)
    }
}
