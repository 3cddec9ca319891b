import TextData

/// A test suite of SyntaxGym (Gauthier et al. 2020), in JSON.
enum SyntaxGymSuite {
    private static let advice =
        "A suite is a JSON object with predictions (type formula) and items, whose conditions have a condition_name and regions with a "
        + "region_number and a content, as in SyntaxGym."

    /// An item for each item of the suite and each of its predictions.
    static func items(_ file: DataFile) throws(DataFileError) -> [ProbeItem] {
        let suite = try file.json(advice: advice)
        let name =
            try suite["meta"].flatMap { meta throws(DataFileError) in try file.text("name", of: meta, advice: advice) }
            ?? file.name
        if let metric = suite["meta"]?["metric"], metric.string != "sum" {
            throw file.error(metric.line, "the metric of the suite is not 'sum'", "Only sums of surprisals are computed.")
        }
        guard let predictions = suite["predictions"]?.elements, !predictions.isEmpty, let items = suite["items"]?.elements,
            !items.isEmpty
        else { throw file.error(suite.line, "the suite has no predictions or no items", advice) }
        var found: [ProbeItem] = []
        for (place, item) in items.enumerated() {
            for (index, prediction) in predictions.enumerated() {
                let group = predictions.count == 1 ? name : "\(name) #\(index + 1)"
                let number = try file.wholeNumber("item_number", of: item, advice: advice)
                found.append(try probe(item, prediction, group, place: number ?? place + 1, file))
            }
        }
        return found
    }

    private static func probe(
        _ item: JSONElement, _ prediction: JSONElement, _ group: String, place: Int, _ file: DataFile
    ) throws(DataFileError) -> ProbeItem {
        guard try file.text("type", of: prediction, advice: advice) ?? "formula" == "formula",
            let formula = prediction["formula"]?.string
        else {
            throw file.error(prediction.line, "the prediction is no formula", advice)
        }
        guard let elements = item["conditions"]?.elements, !elements.isEmpty else {
            throw file.error(item.line, "the item has no conditions", advice)
        }
        var conditions: [SuiteCondition] = []
        for element in elements {
            let next = try condition(element, file)
            if conditions.contains(where: { ExactText($0.name) == ExactText(next.name) }) {
                throw file.error(element.line, "the item has two conditions '\(next.name)'", advice)
            }
            conditions.append(next)
        }
        do throws(FormulaFault) {
            let claim = try FormulaParser.claim(formula, conditions)
            return ProbeItem(
                place: place, group: group, method: .formula, texts: conditions.map(\.pieces), claim: claim)
        } catch {
            throw file.error(prediction.line, "the formula '\(formula)' is not valid: \(error.reason)", advice)
        }
    }

    private static func condition(_ element: JSONElement, _ file: DataFile) throws(DataFileError) -> SuiteCondition {
        guard let name = element["condition_name"]?.string, let regions = element["regions"]?.elements, !regions.isEmpty else {
            throw file.error(element.line, "the condition has no condition_name or no regions", advice)
        }
        var condition = SuiteCondition(name: name)
        for region in regions {
            guard let number = region["region_number"]?.integer, let content = region["content"]?.string,
                !content.unicodeScalars.contains(where: { "\n\r".unicodeScalars.contains($0) })
            else { throw file.error(region.line, "the region has no region_number or no content on one line", advice) }
            if condition.numbers.contains(number) {
                throw file.error(region.line, "the condition '\(name)' has two regions \(number)", advice)
            }
            condition.append(content, number: number)
        }
        return condition
    }
}

/// A sentence of an item, with the regions that formulas refer to.
struct SuiteCondition {
    let name: String
    private(set) var numbers: [Int] = []
    /// A blank between two regions belongs to the second.
    private(set) var pieces: [String] = []

    init(name: String) { self.name = name }

    mutating func append(_ content: String, number: Int) {
        let follows = pieces.contains { !$0.isEmpty }
        pieces.append(content.isEmpty || !follows ? content : " " + content)
        numbers.append(number)
    }
}
