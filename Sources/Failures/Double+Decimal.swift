extension Double {
    /// The finite number that a text in decimal digits represents, such as `0.5`, `-3` or `1e-4`; nil for any other text. Swift also reads
    /// hexadecimal digits, `inf` and `nan`.
    package init?(decimal text: some StringProtocol) {
        guard text.utf8.allSatisfy("0123456789+-.eE".utf8.contains), let value = Double(String(text)), value.isFinite else {
            return nil
        }
        self = value
    }
}
