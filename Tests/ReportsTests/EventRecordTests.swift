import Foundation
import Reports
import TestSupport
import Testing

@Suite("TensorBoard event records")
struct EventRecordTests {
    @Test("The checksum has the values of RFC 3720, appendix B.4")
    func checksum() {
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)[...]) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)[...]) == 0x62A8_AB43)
        #expect(CRC32C.checksum([UInt8](0..<32)[...]) == 0x46DD_794E)
        #expect(CRC32C.checksum([UInt8]((0..<32).reversed())[...]) == 0x113F_DB5C)
    }

    private let records = [
        EventRecord(wallTime: 1.5, step: 0, content: .fileVersion),
        EventRecord(
            wallTime: 2, step: 300,
            content: .scalars([.init(tag: "train/loss", value: 4.25), .init(tag: "train/tokens", value: 1e9)])),
        EventRecord(wallTime: 3, step: 7_000_000_000, content: .text(tag: "sample", "größe <b>\n")),
        EventRecord(wallTime: 4, step: 12, content: .start),
    ]

    @Test("An independent parser reads every kind of record")
    func readBack() throws {
        let events = try EventFile(records.flatMap(\.bytes)).events
        #expect(
            events == [
                .init(wallTime: 1.5, version: "brain.Event:2"),
                .init(wallTime: 2, step: 300, scalars: ["train/loss": 4.25, "train/tokens": 1e9]),
                .init(wallTime: 3, step: 7_000_000_000, texts: ["sample": "größe <b>\n"]),
                .init(wallTime: 4, step: 12, isStart: true),
            ])
    }

    @Test("Of a file that was cut anywhere, or that has a wrong bit, the complete records before that are kept")
    func wholeRecords() {
        let content = records.flatMap(\.bytes)
        let ends = records.indices.map { records[...$0].reduce(0) { $0 + $1.bytes.count } }
        for count in 0...content.count {
            let (extent, end) = (EventRecord.extent(Array(content[..<count])), ends.last { $0 <= count } ?? 0)
            #expect(extent.byteCount == end && extent.count == ends.count(where: { $0 <= count }))
            #expect(extent.rest == (count == end ? .nothing : .cutRecord))
        }
        for place in content.indices {
            var damaged = content
            damaged[place] ^= 1 << UInt8(place % 8)
            let extent = EventRecord.extent(damaged)
            #expect(extent.byteCount == ends.last { $0 <= place } ?? 0 && extent.rest == .damage)
        }
        let filled = EventRecord.extent(content + [UInt8](repeating: 0, count: 64))
        #expect(filled.byteCount == content.count && filled.rest == .cutRecord)
    }
}
