// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing

@Suite struct RecordComparisonTests {
    private func found(
        _ change: (inout TargetRecord) -> Void = { _ in }
    ) -> TargetRecord {
        var record = TargetRecord(
            Sample.target("i", name: "sample"), diskFormat: "raw", containerFormat: "bare")
        change(&record)
        return record
    }

    /// A change at the target, and the words for it.
    private static let changes: [(String, @Sendable (inout TargetRecord) -> Void)] = [
        ("name: sample -> other", { $0.image.name = "other" }),
        ("name: sample -> none", { $0.image.name = nil }),
        ("disk_format: raw -> qcow2", { $0.diskFormat = "qcow2" }),
        ("container_format: bare -> ova", { $0.containerFormat = "ova" }),
        ("min_disk: 0 -> 1", { $0.minDiskGiB = 1 }),
        ("min_ram: 0 -> 64", { $0.minRAMMiB = 64 }),
        ("tags: \"\" -> a, b", { $0.tags = ["b", "a"] }),
        ("visibility: private -> public", { $0.image.visibility = .public }),
        ("hidden: false -> true", { $0.image.isHidden = true }),
        ("deactivated: false -> true", { $0.image.status = .deactivated }),
        ("protected: false -> true", { $0.image.isProtected = true }),
        ("properties.os_command_line: none -> x", { $0.properties["os_command_line"] = "x" }),
    ]

    @Test func `Long lists are cut around what differs`() {
        var wanted = Sample.record()
        wanted.tags = (100..<228).map { "t\($0)" }
        let record = found { $0.tags = wanted.tags.filter { $0 != "t200" } }
        let words = RecordComparison(wanted: wanted).differences(record).map(\.words)
        #expect(words.count == 1)
        let values = words.first?.components(separatedBy: " -> ") ?? []
        #expect(values.first?.contains("t200") == true && values.last?.contains("t200") == false)
        #expect(values.last?.contains("t199, t201") == true, "\(words)")
    }

    @Test func `Of many projects, those that the other side lacks come first`() {
        let all = (10..<30).map { "p\($0)" }
        let record = found { $0.members = all.filter { $0 != "p25" } }
        let comparison = RecordComparison(wanted: Sample.record(), members: all)
        let difference = comparison.differences(record).first { $0.field == .members }
        let words = difference?.words(naming: ["p25": "pay"])
        #expect(words?.hasPrefix("members: pay (p25), p10, ") == true, "\(words ?? "")")
    }

    @Test func `Projects are named one by one`() throws {
        var wanted = Sample.record()
        wanted.ownerID = "p1"
        var record = found()
        record.image.ownerID = "p2"
        record.members = ["m3"]
        let comparison = RecordComparison(wanted: wanted, members: ["m2", "m1"])
        let differences = comparison.differences(record)
        #expect(differences.flatMap(\.projectIDs) == ["p1", "p2", "m1", "m2", "m3"])
        #expect(
            differences.map { $0.words(naming: ["p2": "demo", "m2": "a, b"]) } == [
                "owner: p1 -> demo (p2)", "members: m1, a, b (m2) -> m3",
            ])
        #expect(differences.map(\.words) == ["owner: p1 -> p2", "members: m1, m2 -> m3"])
    }

    @Test func `A record that is as wanted has no differences`() {
        var record = found {
            $0.properties = [
                "tranship_origin": "a/b", "os_glance_import_task": "t",
            ]
        }
        record.image.ownerID = "p"
        #expect(RecordComparison(wanted: Sample.record()).differences(record).isEmpty)
    }

    @Test(arguments: changes.indices)
    func `Each field that differs is named with both values`(index: Int) {
        let (words, change) = Self.changes[index]
        let differences = RecordComparison(wanted: Sample.record()).differences(found(change))
        #expect(differences.map(\.words) == [words])
    }

    @Test func `Owner, members, stores and references are compared if they are wanted`() {
        var wanted = Sample.record(visibility: .shared)
        wanted.ownerID = "team"
        let comparison = RecordComparison(
            wanted: wanted, references: ["kernel_id": "k", "ramdisk_id": nil],
            members: ["b", "a"], missingStores: ["ceph"])
        let record = found {
            $0.image.visibility = .shared
            $0.image.ownerID = "other"
            $0.members = ["a"]
            $0.image.stores = ["file"]
            $0.properties["kernel_id"] = "other"
        }
        #expect(
            comparison.differences(record).map(\.words) == [
                "owner: team -> other", "members: a, b -> a", "stores: ceph, file -> file",
                "properties.kernel_id: k -> other",
                "properties.ramdisk_id: a copy that is missing -> none",
            ])
    }

    @Test func `A name that the rules gave on another day counts, and an accepted conversion`() {
        var wanted = Sample.record()
        wanted.acceptsTransformed = true
        var comparison = RecordComparison(wanted: wanted)
        comparison.otherNames = ["sample 2026-01-01"]
        let record = found {
            $0.image.name = "sample 2026-01-01"
            $0.diskFormat = "qcow2"
        }
        #expect(comparison.differences(record).isEmpty)
    }

    @Test func `A journal has a field by its words`() throws {
        var comparison = RecordComparison(
            wanted: Sample.record(visibility: .shared), members: ["a"], missingStores: ["ceph"])
        comparison.accepted = ["a"]
        let shared = comparison.differences(found { $0.members = ["a"] })
        #expect(shared.map(\.field).contains(.answer(ofMember: "a")))
        let plain = Self.changes.flatMap { _, change in
            RecordComparison(wanted: Sample.record()).differences(found(change))
        }
        for difference in shared + plain {
            let data = try JSONEncoder().encode(difference)
            let json = try JSONDecoder().decode(JSONValue.self, from: data)
            #expect(json["field"]?.string == difference.field.words)
            #expect(try JSONDecoder().decode(FieldDifference.self, from: data) == difference)
        }
    }

    @Test func `A field that no image has is not read`() {
        let data = Data(#"{"field":"no such field","wanted":"true"}"#.utf8)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(FieldDifference.self, from: data)
        }
    }
}
