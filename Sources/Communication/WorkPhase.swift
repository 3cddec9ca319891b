/// The phase of a rank's work. The raw value is the text in the watchdog's messages.
public enum WorkPhase: String, CaseIterable, Sendable {
    case start = "start"
    case texts = "reading the texts"
    case construction = "setting up the model"
    case computation = "forward and backward"
    case reduction = "summing the gradients"
    case update = "update"
    case verification = "verification"
    case validation = "validation"
    case sample = "generating a sample"
    case checkpoint = "checkpoint"
    case test = "test"
    case end = "end"

    var number: Int32 { Int32(Self.allCases.firstIndex(of: self)!) }
}
