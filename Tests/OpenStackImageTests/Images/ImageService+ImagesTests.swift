// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Images at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceImagesTests {
    @Test(
        "a record comes back as it was created, non-ASCII text included",
        .proves("4j create(image)"))
    func created() async throws {
        let id = UUID().uuidString.lowercased()
        let new = NewImage(
            id: id, name: "Größe 大きさ", diskFormat: "qcow2", containerFormat: "bare",
            visibility: .private, isProtected: false, isHidden: true, minRAMMiB: 512,
            minDiskGiB: 3, tags: ["münchen", "a/b"],
            properties: ["os_distro": "ubuntu", "note": "a ~ b / c"])
        try await Lab.withImage(new) { service, image in
            #expect(image.id == id)
            let shown = try await service.image(id)
            #expect(shown.name == "Größe 大きさ")
            #expect(shown.status == .queued)
            #expect(shown.visibility == .private)
            #expect(shown.isHidden)
            #expect(shown.minRAMMiB == 512 && shown.minDiskGiB == 3)
            #expect(Set(shown.tags) == ["münchen", "a/b"])
            #expect(shown.properties["os_distro"] == "ubuntu")
            #expect(shown.properties["note"] == "a ~ b / c")
            #expect(shown.ownerID == (try await service.session.authenticate().projectID))
        }
    }

    @Test("an id that was ever used is refused, also after its image is gone")
    func burnedID() async throws {
        let id = UUID().uuidString.lowercased()
        try await Lab.withImage(NewImage(id: id)) { service, _ in
            for _ in 0..<2 {
                let error = await #expect(throws: TranshipError.self) {
                    try await service.create(NewImage(id: id, name: "again"))
                }
                #expect(error?.code == .conflict)
                try await service.delete(id, missingIsFine: true)
            }
        }
    }

    @Test("what a member may not do is forbidden with the reason")
    func forbidden() async throws {
        let service = try Lab.service()
        let error = await #expect(throws: TranshipError.self) {
            try await service.create(NewImage(name: Lab.uniqueName("pub"), visibility: .public))
        }
        #expect(error?.code == .forbidden)
        #expect(error?.answer?.message.isEmpty == false)
    }

    @Test(
        "the patch between two versions makes the one the other",
        .proves("sdk update_image(image, **attrs)", "4j update(image)"))
    func patched() async throws {
        let new = NewImage(
            name: "before", tags: ["a", "b"],
            properties: ["keep": "1", "drop~me/x": "2", "turn": "3"])
        try await Lab.withImage(new) { service, image in
            var changed = image
            changed.name = "after"
            changed.minDiskGiB = 7
            changed.tags = ["b", "ü"]
            changed.isProtected = true
            changed.visibility = .shared
            changed.properties["drop~me/x"] = nil
            changed.properties["turn"] = "4"
            changed.properties["new/one~"] = "5"
            let updated = try await service.update(from: image, to: changed)
            #expect(PatchOperation.changes(from: updated, to: changed).isEmpty)
            #expect(updated.name == "after")
            #expect(updated.properties["new/one~"] == "5")
            #expect(updated.properties["drop~me/x"] == nil)
            #expect(try await service.update(image.id, []).name == "after")

            let refused = await #expect(throws: TranshipError.self) {
                try await service.delete(image.id)
            }
            #expect(refused?.code == .forbidden)
            _ = try await service.update(image.id, [.replace("protected", false)])
        }
    }

    @Test(
        "removing what is not there is a conflict, and changes nothing",
        .proves("4j update(imageId, imageUpdate)"))
    func badPatch() async throws {
        try await Lab.withImage { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await service.update(image.id, [.add("x", "1"), .remove("y")])
            }
            #expect(error?.code == .conflict)
            let unchanged = try await service.image(image.id)
            #expect(unchanged.properties["x"] == nil)
        }
    }

    @Test(
        "pages of two give every image once, with a name that needs quoting",
        .proves("sdk images(query.limit, query.sort, query.name)", "4j list"))
    func pages() async throws {
        let service = try Lab.service()
        let name = Lab.uniqueName("päge: x, y&z=1 %41 \\ ")
        var ids: Set<String> = []
        for _ in 0..<5 { ids.insert(try await service.create(NewImage(name: name)).id) }
        let query = ImageQuery(
            name: .anyOf([name, "none, of this"]), sort: [.init("created_at"), .init("id")],
            pageLimit: 2)
        var sizes: [Int] = []
        var seen: [String] = []
        for try await page in service.images(query) {
            sizes.append(page.count)
            seen += page.map(\.id)
        }
        #expect(sizes == [2, 2, 1])
        #expect(Set(seen) == ids && seen.count == 5)
        var flattened: [String] = []
        for try await image in service.images(query).flattened { flattened.append(image.id) }
        #expect(flattened == seen)
        #expect(try await service.images(ImageQuery(name: .one(name))).all().count == 5)
        for id in ids { try await service.delete(id) }
        #expect(try await service.images(query).all().isEmpty)
    }

    @Test(
        "every filter lets through what it says, and nothing else",
        .proves(
            "sdk images(query.id, query.visibility, query.owner, query.status, query.size_min, query.size_max, query.protected, query.is_hidden, query.tag, query.created_at, query.updated_at)",
            "4j list(filteringParams)"))
    func filters() async throws {
        let name = Lab.uniqueName("filter")
        let new = NewImage(
            name: name, diskFormat: "raw", containerFormat: "bare", visibility: .community,
            isHidden: true, tags: ["t1", "t 2"], properties: ["os_distro": "x & y"])
        let none = "00000000-0000-4000-8000-000000000000"
        try await Lab.withActiveImage(Array("0123456789".utf8), new) { service, image in
            func found(_ change: (inout ImageQuery) -> Void) async throws -> Bool {
                var query = ImageQuery(name: .one(name), isHidden: true)
                change(&query)
                let images = try await service.images(query).all()
                #expect(images.count < 2)
                return images.first?.id == image.id
            }
            let (past, future) = ("2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z")
            let conditions: [(Bool, (inout ImageQuery) -> Void)] = [
                (true, { _ in }), (false, { $0.isHidden = nil }),
                (true, { $0.id = [none, image.id] }), (false, { $0.id = .one(none) }),
                (true, { $0.tags = ["t1", "t 2"] }), (false, { $0.tags = ["t1", "t3"] }),
                (true, { $0.properties = ["os_distro": "x & y"] }),
                (false, { $0.properties = ["os_distro": "x"] }),
                (true, { $0.properties = ["checksum": image.checksum ?? ""] }),
                (true, { $0.diskFormat = ["iso", "raw"] }), (false, { $0.diskFormat = "iso" }),
                (true, { $0.containerFormat = ["ovf", "bare"] }),
                (false, { $0.containerFormat = "ovf" }),
                (true, { $0.status = [.queued, .active] }), (false, { $0.status = [.queued] }),
                (true, { $0.visibility = .only(.community) }),
                (false, { $0.visibility = .only(.private) }),
                (true, { $0.isProtected = false }), (false, { $0.isProtected = true }),
                (true, { $0.ownerID = image.ownerID }), (false, { $0.ownerID = none }),
                (true, { ($0.sizeMinBytes, $0.sizeMaxBytes) = (10, 10) }),
                (false, { $0.sizeMinBytes = 11 }), (false, { $0.sizeMaxBytes = 9 }),
                (true, { $0.createdAt = .init(.less, future) }),
                (false, { $0.createdAt = .init(.less, past) }),
                (true, { $0.createdAt = .init(.lessOrEqual, future) }),
                (true, { $0.createdAt = .init(.notEqual, past) }),
                (false, { $0.createdAt = .init(.equal, past) }),
                (true, { $0.updatedAt = .init(.greater, past) }),
                (false, { $0.updatedAt = .init(.greater, future) }),
                (true, { $0.updatedAt = .init(.greaterOrEqual, past) }),
                (false, { $0.updatedAt = .init(.greaterOrEqual, future) }),
            ]
            for (number, (expected, condition)) in conditions.enumerated() {
                let isFound = try await found(condition)
                #expect(isFound == expected, "condition \(number)")
            }
        }
    }

    @Test(
        "a list is sorted by several keys, and begins after a marker",
        .proves("sdk images(query.sort_key, query.sort_dir, query.marker)"))
    func sorted() async throws {
        let service = try Lab.service()
        let name = Lab.uniqueName("sorted")
        var ids: [String] = []
        for disk in ["raw", "qcow2", "raw"] {
            ids.append(try await service.create(NewImage(name: name, diskFormat: disk)).id)
        }
        var query = ImageQuery(
            name: .one(name), sort: [.init("disk_format"), .init("id", ascending: false)])
        let raws = [ids[0], ids[2]].sorted(by: >)
        #expect(try await service.images(query).all().map(\.id) == [ids[1]] + raws)
        query.marker = raws[0]
        #expect(try await service.images(query).all().map(\.id) == [raws[1]])
        for id in ids { try await service.delete(id) }
    }

    @Test("a bad filter is refused in Glance's words")
    func badFilter() async throws {
        let service = try Lab.service()
        let error = await #expect(throws: TranshipError.self) {
            try await service.images(
                ImageQuery(visibility: .only(ImageVisibility(rawValue: "unknown")))
            ).all()
        }
        #expect(error?.code == .badRequest)
    }

    @Test(
        "deactivated data is withheld until it is reactivated",
        .proves(
            "sdk deactivate_image(image)", "sdk reactivate_image(image)", "4j deactivate(imageId)",
            "4j reactivate(imageId)"))
    func deactivated() async throws {
        try await Lab.withActiveImage { service, image in
            try await service.deactivate(image.id)
            #expect(try await service.image(image.id).status == .deactivated)
            try await service.reactivate(image.id)
            #expect(try await service.image(image.id).status == .active)
        }
    }

    @Test(
        "deleting what is missing is fine only when that was said",
        .proves("sdk delete_image(image, ignore_missing)", "4j delete(imageId)"))
    func deletedTwice() async throws {
        try await Lab.withImage { service, image in
            try await service.delete(image.id)
            try await service.delete(image.id, missingIsFine: true)
            let error = await #expect(throws: TranshipError.self) {
                try await service.delete(image.id)
            }
            #expect(error?.code == .notFound)
        }
    }
}
