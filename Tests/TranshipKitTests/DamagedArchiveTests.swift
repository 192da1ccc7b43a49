// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// An archive that lost data after its images were published, and the next run.
@Suite(.timeLimit(.minutes(5))) struct DamagedArchiveTests {
    enum Damage: CaseIterable, Sendable { case missing, short, long, removed }

    private let scene: CloudScene
    private let bytes = noise(100_000, seed: 7)

    init() throws {
        scene = try CloudScene()
        put("web")
    }

    private var folder: TemporaryFolder { scene.folder }
    private var target: String { "{ archive: \(folder.file("export")) }" }

    private func put(_ name: String) {
        scene.alpha.put(
            "s", data: bytes,
            [
                "name": .string(name), "disk_format": "raw", "container_format": "bare",
                "visibility": "private",
            ])
    }

    private func run(
        journal: String = "journal.sqlite"
    ) async throws -> (item: PlanItem, transfer: Transfer?) {
        try await scene.run(to: target, journal: journal)
    }

    private func damage(_ damage: Damage, _ id: String) throws {
        let data = "export/images/\(id).data"
        switch damage {
        case .missing: try FileManager.default.removeItem(atPath: folder.file(data))
        case .short: try folder.write(Array(bytes.prefix(500)), to: data)
        case .long: try folder.write(bytes + [1], to: data)
        case .removed:
            try FileManager.default.removeItem(atPath: folder.file(data))
            try FileManager.default.removeItem(atPath: folder.file("export/images/\(id).json"))
        }
    }

    private func place(_ id: String, _ ending: String) -> String {
        folder.file("export/images/\(id).\(ending)")
    }

    private func fileNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.file("export/images")).sorted()
    }

    @Test(arguments: Damage.allCases, ["journal.sqlite", "other.sqlite"])
    func `The copy is made again under its id, as the source is now, and only there`(
        damage: Damage, journal: String
    ) async throws {
        let id = try #require(try await run().transfer?.imageID)
        try self.damage(damage, id)
        put("web 2")
        let second = try await run(journal: journal)
        if journal == "journal.sqlite" {
            #expect(
                second.item.reason
                    == (damage == .removed
                        ? .deletedAtTarget(imageID: id)
                        : .damaged(
                            imageID: id, .init(damage.words(place(id, "data")), isOfRecord: false)))
            )
        }
        #expect(second.transfer?.state == .done)
        #expect(second.transfer?.imageID == id)
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
        #expect(try folder.bytes(of: "export/images/\(id).data") == bytes)
        let record = try JSONDecoder().decode(
            JSONValue.self, from: Data(try folder.bytes(of: "export/images/\(id).json")))
        #expect(record["image"]?["name"] == "web 2")
        #expect(try await run(journal: journal).item.action == .skip)
    }

    @Test
    func `While the source cannot be read, the record stays, and data that is restored counts`()
        async throws
    {
        let id = try #require(try await run().transfer?.imageID)
        try damage(.short, id)
        scene.alpha.refuse("GET", "/v2/images/s/file", status: 404, times: 3)
        #expect(try await run().transfer?.state == .failed)
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
        try folder.write(bytes, to: "export/images/\(id).data")
        let third = try await run()
        #expect(third.item.reason == .alreadyAtTarget(imageID: id))
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
    }

    /// The journal was lost before the image was published. Archive sources do not see the image.
    @Test func `A private image that is not published yet is published`() async throws {
        let id = try #require(try await run().transfer?.imageID)
        let images = folder.file("export/images")
        try FileManager.default.moveItem(
            atPath: "\(images)/\(id).json", toPath: "\(images)/.\(id).json")
        #expect(
            try await scene.checked(to: target).map(\.differences) == [
                [FieldDifference(.published, wanted: "true", found: "false")]
            ])
        // Someone protects it meanwhile.
        let pending = URL(fileURLWithPath: "\(images)/.\(id).json")
        let text = try String(contentsOf: pending, encoding: .utf8)
        let edited = text.replacing(#""protected" : false"#, with: #""protected" : true"#)
        try #require(edited != text)
        try Data(edited.utf8).write(to: pending)
        let second = try await run(journal: "other.sqlite")
        #expect(second.item.reason == .toBeProved(imageID: id))
        #expect(second.transfer?.state == .done)
        #expect(second.transfer?.remarks.contains(.setAtTarget(fields: ["protected"])) == true)
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
        let record = try JSONDecoder().decode(
            JSONValue.self, from: Data(try folder.bytes(of: "export/images/\(id).json")))
        #expect(record["image"]?["protected"] == true)
    }
}

extension DamagedArchiveTests.Damage {
    /// Returns the words for the damage to the data at that place.
    fileprivate func words(_ place: String) -> String {
        switch self {
        case .missing, .removed: "its data \(place) is missing"
        case .short: "its data \(place) has 500 bytes, and its record says 100000"
        case .long: "its data \(place) has 100001 bytes, and its record says 100000"
        }
    }
}

/// A record of an archive without facts about its image, beside complete data.
enum RecordDamage: CaseIterable, Sendable {
    case cut, empty, ofAnother, queued, negativeSize, large, link

    func apply(_ place: String) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: place))
        var text = String(decoding: bytes, as: UTF8.self)
        switch self {
        case .cut: text = String(text.prefix(200))
        case .empty: text = ""
        case .ofAnother: text = text.replacing(#""id" : ""#, with: #""id" : "x"#)
        case .queued: text = text.replacing(#""active""#, with: #""queued""#)
        case .negativeSize: text = text.replacing(#""size" : "#, with: #""size" : -"#)
        case .large: text += String(repeating: " ", count: 2 << 20)
        case .link:
            try FileManager.default.removeItem(atPath: place)
            try FileManager.default.createSymbolicLink(
                atPath: place, withDestinationPath: "/nowhere")
            return
        }
        try #require(Data(text.utf8) != bytes)
        try Data(text.utf8).write(to: URL(fileURLWithPath: place))
    }

    /// A part of the plan's words about the damage.
    var words: String {
        switch self {
        case .cut, .empty: ".json is not JSON"
        case .ofAnother: ".json is of another image: its \"id\" is \"x"
        case .queued: ".json is of an image that is queued"
        case .negativeSize: ".json is damaged: "
        case .large: ".json has more than 1.0 MiB"
        case .link: ".json is a symbolic link, not a plain file"
        }
    }
}

extension DamagedArchiveTests {
    @Test(arguments: RecordDamage.allCases)
    func `A damaged record is made again, and check says what is wrong`(
        damage: RecordDamage
    ) async throws {
        let id = try #require(try await run().transfer?.imageID)
        try damage.apply(place(id, "json"))
        let note = try #require(try await scene.checked(to: target).first?.note)
        #expect(note.contains(damage.words) && note.hasSuffix("; a run copies it again"), "\(note)")
        #expect(note.hasPrefix("image \(id) is our copy, but its record "), "\(note)")
        let second = try await run()
        #expect(second.item.reason?.code == "record-damaged")
        #expect(second.item.reason?.words == note)
        #expect(second.transfer?.state == .done && second.transfer?.imageID == id)
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
        #expect(try folder.bytes(of: "export/images/\(id).data") == bytes)
        #expect(try await run().item.reason == .alreadyAtTarget(imageID: id))
    }

    @Test(arguments: ["data", "json"])
    func `A folder in the place of a file is for the operator, who learns what to do`(
        ending: String
    ) async throws {
        let id = try #require(try await run().transfer?.imageID)
        let place = place(id, ending)
        try FileManager.default.removeItem(atPath: place)
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: false)
        let second = try await run()
        #expect(second.item.action == .conflict)
        let words = second.item.objection?.message ?? ""
        #expect(words.contains("\(place) is a directory, not a plain file"), "\(words)")
        #expect(
            second.item.objection?.hint
                == "restore it from a copy of the archive, or remove it and run again")
        let note = try await scene.checked(to: target).first?.note ?? ""
        #expect(note.contains(words) && note.contains("remove it and run again"), "\(note)")
        try FileManager.default.removeItem(atPath: place)
        #expect(try await run().transfer?.state == .done)
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
    }

    @Test func `A damaged record that the journal does not know is left alone`() async throws {
        let id = try #require(try await run().transfer?.imageID)
        try RecordDamage.cut.apply(place(id, "json"))
        let before = try folder.bytes(of: "export/images/\(id).json")
        let second = try await run(journal: "other.sqlite")
        #expect(second.item.action == .conflict)
        #expect(second.item.reason?.words.contains("and the journal does not know it") == true)
        #expect(try folder.bytes(of: "export/images/\(id).json") == before)
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
    }
}
