/// A list of whole numbers, spelled with commas, `2000,10000`, or in a file as an array.
public struct WholeNumbers: ConfigurationScalar, ExpressibleByArrayLiteral {
    public var values: [Int]

    public init(_ values: [Int]) { self.values = values }
    public init(arrayLiteral values: Int...) { self.values = values }

    public static var expectation: String { "whole numbers with commas between them" }

    public init?(configurationValue: ConfigurationValue) {
        switch configurationValue {
        case .integer(let number): self.init([number])
        case .integers(let numbers): self.init(numbers)
        case .text(let text): self.init(argumentText: text)
        case .number, .flag: return nil
        }
    }

    /// The empty text is the empty list.
    public init?(argumentText argument: String) {
        if argument.isEmpty {
            values = []
            return
        }
        var values: [Int] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let value = Int(part.trimmingPrefix(" ")) else { return nil }
            values.append(value)
        }
        self.values = values
    }

    public var configurationValue: ConfigurationValue { .text(values.map(String.init).joined(separator: ",")) }
}

extension ValueRange where Value == WholeNumbers {
    /// Ascending whole numbers within `limits`, at most `count` of them. `example` is a list that is in the range.
    public static func ascending(_ limits: ClosedRange<Int>, atMost count: Int, example: String) -> ValueRange {
        ValueRange(
            description:
                "up to \(count) ascending whole numbers from \(limits.lowerBound) to \(limits.upperBound), with commas between them",
            ends: ["\(limits.lowerBound)", example],
            contains: { list in
                let values = list.values
                return (1...count).contains(values.count) && values.allSatisfy(limits.contains)
                    && zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
            })
    }
}
