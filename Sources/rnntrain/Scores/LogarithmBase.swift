import ArgumentParser

/// The base of the logarithm of a printed surprisal or entropy.
enum LogarithmBase: String, ExpressibleByArgument, CaseIterable {
    case two = "2"
    case e
    case ten = "10"

    /// The unit: the suffix of column names and keys.
    var unit: String {
        switch self {
        case .two: "bits"
        case .e: "nats"
        case .ten: "hartleys"
        }
    }

    /// Converts nats to the unit.
    func value(ofNats nats: Double) -> Double {
        switch self {
        case .two: nats / 0.693_147_180_559_945_3
        case .e: nats
        case .ten: nats / 2.302_585_092_994_046
        }
    }
}
