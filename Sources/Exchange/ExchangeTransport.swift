/// How the ranks of a host exchange gradients.
public enum ExchangeTransport: String, Sendable, CaseIterable {
    /// The ranks of a node share one window of memory, and send messages to other nodes only.
    case window
    /// Every rank has private memory, and sends messages to all other ranks.
    case messages
}
