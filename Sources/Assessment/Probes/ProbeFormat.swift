/// A format of files with questions to a model.
public enum ProbeFormat: String, Sendable, CaseIterable {
    /// JSON lines of BLiMP.
    case blimp
    /// A `.gold` file of agreement, with a text.
    case gold
    /// A suite of SyntaxGym.
    case syntaxgym
    /// Templates of one's own.
    case templates

    /// The format of a file of this name: `.jsonl`, `.gold`, `.json`, and templates for others.
    public init(ofFile name: String) {
        self =
            switch name.split(separator: ".").last {
            case "jsonl": .blimp
            case "gold": .gold
            case "json": .syntaxgym
            default: .templates
            }
    }

    /// The items of a file. Throws an error of the line that is not valid.
    ///
    /// - Parameters:
    ///   - text: the sentences of a `.gold` file.
    ///   - repetitions: the largest number of repetitions in a template.
    public func items(_ file: DataFile, text: DataFile?, repetitions: Int) throws(DataFileError) -> [ProbeItem] {
        switch self {
        case .blimp: try BLiMPPairs.items(file)
        case .gold: try AgreementItems.items(file, text: text ?? file)
        case .syntaxgym: try SyntaxGymSuite.items(file)
        case .templates: try AgreementTemplates.items(file, repetitions: repetitions)
        }
    }
}
