import Tensors

/// Direct weights of a class-based softmax: from contexts to classes, and from contexts to the tokens of a class. Contexts of tokens are
/// hashed together with the class, so that a row of the table has as many columns as the largest class.
final class ClassDirectWeights {
    let head: DirectWeights  // [R, C]
    let members: DirectWeights  // [R', largest class]
    private let dMembers: MatrixView  // [T*B, largest class], the gradient of the logits of each row's class, then 0
    private let trains: Bool

    /// Half of `size` weights for the classes, half for their tokens.
    init(size: Int, classes: Int, members columns: Int, _ features: ContextFeatures, _ builder: Builder) {
        head = DirectWeights("decoder.class.direct.weight", size: size / 2, columns: classes, features, builder)
        members = DirectWeights("decoder.direct.weight", size: size / 2, columns: columns, features, builder)
        trains = builder.capacity.training
        dMembers = builder.workspace.matrix(rows: trains ? builder.capacity.rows : 0, columns: columns)
    }

    /// For the softmax within a class, over the rows `numbers`.
    func ofMembers(_ numbers: UnsafePointer<Int32>) -> LinearSoftmax.Direct {
        .init(weights: members, numbers: numbers, collected: dMembers)
    }

    /// Finds the contexts of the rows of a window. Shapes: `classes` and `mask` `[rows]`.
    func begin(rows: Int, classes: UnsafePointer<Int32>, mask: UnsafePointer<Float>) {
        head.begin(rows: rows) { mask[$0] == 0 ? -1 : 0 }
        members.begin(rows: rows) { mask[$0] == 0 ? -1 : Int(classes[$0]) }
        if trains { dMembers.pointer.update(repeating: 0, count: rows * dMembers.columns) }
    }

    /// The gradient of the table of tokens, after all losses; begins that of the classes.
    func gradient(steps: Int, rows: GradientRows) {
        head.beginGradient(steps: steps, rows: rows)
        members.beginGradient(steps: steps, rows: rows)
        members.gradient(dMembers.prefix(rows: steps * rows.streams), columns: 0..<dMembers.columns)
    }
}
