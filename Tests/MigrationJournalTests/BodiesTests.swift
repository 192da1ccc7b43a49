// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

/// Checks that rows are read and written as Foundation's coders do it.
@Suite struct BodiesTests {
    private func expected(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try BodyEncoder.encode(value), as: UTF8.self)
    }

    private func expectSame<Value: Codable & Equatable>(_ value: Value) throws {
        let text = try text(value)
        #expect(text == (try expected(value)))
        #expect(try BodyDecoder.decode(Value.self, from: Array(text.utf8)) == value)
        // The members may be in any order, and with blanks.
        let encoder = JSONEncoder()
        encoder.outputFormatting = .prettyPrinted
        #expect(
            try BodyDecoder.decode(Value.self, from: [UInt8](try encoder.encode(value))) == value)
    }

    private func item() -> PlanItem {
        var item = Sample.item("a/b \"c\" \\ é😀 \u{1}\u{1f}\u{7f}\n\t")
        item.intent.source.properties = ["os_distro": "x", "a": "", "_": "\u{2028}", "0": "/"]
        item.intent.source.tags = ["b", "a", ""]
        item.intent.record.members = .map(["p": "q", "*": "r"])
        item.intent.record.stores = .named(["fast", "slow"])
        item.intent.record.references = ["kernel_id": "image:k"]
        item.intent.record.updatedFrom = RecordFields(item.record)
        item.intent.methodReason = .fillsSeveralStores(.methodNotOffered(.webDownload))
        item.notes = [
            .propertyLeftOut(key: "k", reason: "r"), .membersHaveToAccept(["p"]),
            .mayBeUploaded,
        ]
        item.refusal = .init(TranshipError(.refused, "no", hint: "yes"))
        item.action = .update
        item.reason = .fieldsChanged(imageID: "i", fields: ["name", "tags"])
        var start = Transfer.adopted(
            item.intent, promised: item.promise, imageID: "i", generation: 2, sizeBytes: 7)
        start.memberAnswers = ["p": "accepted"]
        start.remarks = item.notes
        item.start = start
        return item
    }

    @Test func `An item with all that it can have is as Foundation writes it`() throws {
        try expectSame(item())
        try expectSame(Sample.item("b"))
        try expectSame(Sample.target("t", name: nil, marker: "l/v"))
    }

    @Test func `Values of every kind are as Foundation writes them`() throws {
        let values: JSONValue = [
            "a": nil, "b": [1, .number(-2.5), true, "x", [[], [:]]], "": .number(1e300),
        ]
        try expectSame(values)
        try expectSame([Int64.min, Int64.max, 0])
        try expectSame([[Int?]](arrayLiteral: [1, nil], []))
        try expectSame([UInt8(1): "a"])
        try expectSame(Empty())
        #expect(throws: EncodingError.self) { try BodyEncoder.encode([Double.nan]) }
    }

    private struct Empty: Codable, Equatable {}

    private struct Numbers: Codable, Equatable {
        var small: UInt8
        var flag: Bool?
        var real: Double = 0
    }

    @Test(arguments: [
        #"{"small":256,"real":0}"#, #"{"small":-1,"real":0}"#, #"{"small":1.5,"real":0}"#,
        #"{"small":"1","real":0}"#, #"{"small":null,"real":0}"#, #"{"real":0}"#,
        #"{"small":1,"flag":1,"real":0}"#, #"{"small":1,"real":"0"}"#, "[]", "1", "", "{",
    ])
    func `A value of another type is an error`(text: String) {
        #expect(throws: DecodingError.self) {
            try BodyDecoder.decode(Numbers.self, from: Array(text.utf8))
        }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Numbers.self, from: Data(text.utf8))
        }
    }

    @Test func `Members may be null, missing or unknown`() throws {
        for text in [#"{"small":1.0,"real":2,"flag":null}"#, #"{"more":[{}],"real":2,"small":1}"#] {
            #expect(
                try BodyDecoder.decode(Numbers.self, from: Array(text.utf8))
                    == Numbers(small: 1, flag: nil, real: 2))
        }
    }

    // MARK: Compressed

    @Test func `What was compressed with the words of form 1 can be read`() throws {
        // The row of an image: its window is that of a stream of any length.
        let row = try #require(
            Data(
                base64Encoded: """
                    AT0DAAB4+RJQ6unNlUGKgyEMhU/0Q2KiiccxiaH3P0F1GOhMF0XaTbN4ghCj4HvfUyj+3r+LJcag\
                    QVoMOoo2qJ6smsKCRWPCCAqyCjmal8CaDNNnJy8zYfkEl63CYgk3hCIYTbL0nC5JLC1oDHCmycHV\
                    18TOlI0CfNh2+ornWZ3DfCRZqqFQ1NRQj9mTi7bzyH4R1V/w1sdvhF009drrxVt0C/ypd3ByeO4z\
                    ck7bHlg67DgJL1spdbvgH8F+9l5jDNeEj1DWjlF2B6Xx7KU=
                    """))
        let image = try Body.unpack(SourceImage.self, row)
        #expect(image.name == "bench-0")
        #expect(try Body.json(row) == (try Body.json(image)))
    }

    @Test(arguments: [0, 1, 500, 4000, 8000, 30_000, 32_768, 40_000, 200_000])
    func `Rows of every size come back`(count: Int) throws {
        let text = String((0..<count).map { _ in "0123456789abcdef".randomElement() ?? "x" })
        let json = Data(try BodyEncoder.encode(text))
        #expect(try Body.json(try Body.pack(json: json)) == json)
        #expect(try Body.json(try Body.pack(json: json, knowing: json), knowing: json) == json)
        #expect(try Body.unpack([String: String].self, try Body.json(["": text]))[""] == text)
    }
}
