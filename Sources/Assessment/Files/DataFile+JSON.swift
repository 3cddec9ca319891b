extension DataFile {
    /// The JSON value of line `line`, from 1. Throws an error of the line.
    func json(line: Int, advice: String) throws(DataFileError) -> JSONElement {
        do throws(JSONFault) {
            return try JSONParser.parse(lines[line - 1], line: line)
        } catch {
            throw self.error(error.line, error.reason, advice)
        }
    }

    /// The JSON value of the whole file. Throws an error of the line with the fault.
    func json(advice: String) throws(DataFileError) -> JSONElement {
        do throws(JSONFault) {
            return try JSONParser.parse(text)
        } catch {
            throw self.error(error.line, error.reason, advice)
        }
    }

    /// The text of the member `name`; nil if the member is missing or null. Throws for a value of another type.
    func text(_ name: String, of object: JSONElement, advice: String) throws(DataFileError) -> String? {
        try member(name, of: object, "text", advice, \.string)
    }

    /// The whole number of the member `name`; nil if the member is missing or null. Throws for a value of another type.
    func wholeNumber(_ name: String, of object: JSONElement, advice: String) throws(DataFileError) -> Int? {
        try member(name, of: object, "whole number", advice, \.integer)
    }

    private func member<Value>(
        _ name: String, of object: JSONElement, _ type: String, _ advice: String, _ value: (JSONElement) -> Value?
    ) throws(DataFileError) -> Value? {
        guard let member = object[name], member.value != .null else { return nil }
        guard let value = value(member) else { throw error(member.line, "'\(name)' is not a \(type)", advice) }
        return value
    }
}
