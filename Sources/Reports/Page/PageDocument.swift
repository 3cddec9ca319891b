/// The parts that all pages share.
enum PageDocument {
    /// A complete page: one HTML file without scripts, that needs no network and is well-formed XML. `title` and `note` are texts.
    static func html(title: String, note: String, runCount: Int, sections: [(title: String, content: String)]) -> String {
        let body = sections.filter { !$0.content.isEmpty }.map { section in
            HTMLText.element("section", [], HTMLText.text("h2", [], section.title) + section.content)
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>\(HTMLText.escaped(title)) - rnntrain</title>
            <style>\(PageStyle.sheet(runCount: runCount))</style>
            </head>
            <body>
            <header><h1>\(HTMLText.escaped(title))</h1><p>\(HTMLText.escaped(note))</p></header>
            <main>\(body.joined())</main>
            </body>
            </html>

            """
    }

    /// A table whose cells are HTML, in a region that scrolls sideways, also with the keyboard.
    static func table(_ head: [String], _ rows: [[String]], marking marked: [Bool] = []) -> String {
        let header = HTMLText.element("tr", [], head.map { HTMLText.text("th", [("scope", "col")], $0) }.joined())
        let body = rows.enumerated().map { index, row in
            let isMarked = marked.indices.contains(index) && marked[index]
            let cells = row.enumerated().map { column, cell in
                column == 0 ? HTMLText.element("th", [("scope", "row")], cell) : HTMLText.element("td", [], cell)
            }
            return HTMLText.element("tr", isMarked ? [("class", "different")] : [], cells.joined())
        }
        let table = HTMLText.element(
            "table", [], HTMLText.element("thead", [], header) + HTMLText.element("tbody", [], body.joined()))
        return HTMLText.element(
            "div", [("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", head.joined(separator: ", "))],
            table)
    }

    /// Content that a reader opens and closes. `summary` and `content` are HTML.
    static func details(_ summary: String, _ content: String, isOpen: Bool) -> String {
        HTMLText.element("details", isOpen ? [("open", "open")] : [], HTMLText.element("summary", [], summary) + content)
    }
}
