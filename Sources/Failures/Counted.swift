/// `1 rank`, `2 ranks`.
public func counted(_ count: some BinaryInteger, _ noun: String) -> String { "\(count) \(plural(noun, count))" }

/// The noun in the singular or plural for the count. The plural adds an s.
public func plural(_ noun: String, _ count: some BinaryInteger) -> String { count == 1 ? noun : noun + "s" }
