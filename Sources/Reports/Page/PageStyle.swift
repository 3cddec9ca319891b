/// The style sheet of a page: light and dark, for screens from the width of a phone on.
enum PageStyle {
    /// Colours of runs that people with any colour vision tell apart, on light and on dark ground. After Okabe and Ito (2008).
    private static let colours = [
        ("#0072b2", "#56a9e0"), ("#c44e00", "#ff9a52"), ("#00805d", "#3ccfa4"), ("#a8447f", "#e58fc4"), ("#8a6d00", "#e3c44b"),
        ("#4b4ba8", "#a3a3ff"), ("#a11d33", "#ff8095"), ("#3f6b2a", "#9fd080"),
    ]

    /// The style sheet for this number of runs.
    static func sheet(runCount: Int) -> String {
        let light = variables(colours.map(\.0)), dark = variables(colours.map(\.1))
        return """
            :root{--ground:#fff;--text:#1c1e21;--muted:#5a6068;--rule:#dfe2e6;--panel:#f6f7f9;--mark:#fff3c9;\(light)}
            @media (prefers-color-scheme:dark){:root{--ground:#14171a;--text:#e6e8ea;--muted:#a2a9b1;--rule:#343a40;--panel:#1d2125;\
            --mark:#453a10;\(dark)}}
            \(layout)
            \(drawing)
            \(tokens)
            \((0..<runCount).map(rules).joined(separator: "\n"))

            """
    }

    private static func variables(_ colours: [String]) -> String {
        colours.enumerated().map { "--c\($0):\($1);" }.joined()
    }

    /// The colour of a run, and what hides its lines.
    private static func rules(ofRun run: Int) -> String {
        ".r\(run){--c:var(--c\(run % colours.count))}"
            + (run >= colours.count ? ".line.r\(run){stroke-dasharray:8 3}" : "")
            + "body:has(#run\(run):not(:checked)) .line.r\(run){display:none}"
    }

    private static let layout = """
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1.5rem clamp(1rem,3vw,2.5rem) 4rem;max-width:82rem;background:var(--ground);color:var(--text);\
        font:1rem/1.5 system-ui,sans-serif}
        h1{font-size:1.6rem;line-height:1.2;margin:0;overflow-wrap:anywhere}
        h2{font-size:1.2rem;margin:2.5rem 0 .75rem}
        h3{font-size:1rem;margin:0 0 .25rem}
        h4{font-size:.875rem;margin:1rem 0 .25rem;color:var(--muted)}
        header p,figcaption,.note{color:var(--muted);font-size:.875rem;margin:.25rem 0 0}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:1.75rem 2rem}
        figure{margin:0;min-width:0}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
        th,td{padding:.3rem .9rem .3rem 0;text-align:left;border-bottom:1px solid var(--rule);white-space:nowrap;vertical-align:top}
        td{max-width:24rem;overflow:hidden;text-overflow:ellipsis}
        thead th{color:var(--muted);font-weight:500}
        tbody th{font-weight:500}
        tr.different>*{background:var(--mark)}
        .default{color:var(--muted)}
        code,pre{font:.85rem/1.5 ui-monospace,monospace}
        pre{margin:0;padding:.75rem;background:var(--panel);white-space:pre-wrap;overflow-wrap:anywhere;max-height:16rem;overflow-y:auto}
        pre.unit{max-height:32rem;line-height:1.7}
        details{margin:.5rem 0}
        summary{cursor:pointer;padding:.35rem 0}
        .switches{border:0;padding:0;margin:0 0 1rem;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
        .switches legend{padding:0;color:var(--muted);font-size:.875rem}
        .switches label{display:inline-flex;align-items:center;gap:.4rem;min-height:2rem;overflow-wrap:anywhere}
        .swatch{display:inline-block;flex:none;width:.8em;height:.8em;border-radius:2px;background:var(--c)}
        :focus-visible{outline:2px solid var(--c0);outline-offset:2px}
        """

    /// Tokens by the value of a unit, in five steps from the ground to blue or orange.
    private static var tokens: String {
        (1...5).map { level in
            ".n\(level){background:color-mix(in srgb,var(--c0) \(level * 12)%,transparent)}"
                + ".p\(level){background:color-mix(in srgb,var(--c1) \(level * 12)%,transparent)}"
        }.joined()
    }

    private static let drawing = """
        svg{display:block;width:100%;height:auto}
        svg text{fill:var(--muted);font-size:13px;font-family:system-ui,sans-serif}
        svg>line{stroke:var(--rule);stroke-width:1}
        .line polyline{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round}
        .line circle{fill:var(--c)}
        .line.faint polyline{stroke-width:1.2;opacity:.65}
        .line.dashed polyline{stroke-dasharray:8 4}
        .line.dotted polyline{stroke-dasharray:2 3}
        @media (max-width:36rem){svg text{font-size:17px}}
        """
}
