/// `1 rank`, `2 ranks`.
public func counted(_ count: some BinaryInteger, _ noun: String) -> String { "\(count) \(plural(noun, count))" }

/// A noun that forms its plural with an s, as it stands behind a number.
public func plural(_ noun: String, _ count: some BinaryInteger) -> String { count == 1 ? noun : noun + "s" }
