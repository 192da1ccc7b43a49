// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import MigrationModel
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Images at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceImagesTests {
    @Test("a record comes back as it was created, non-ASCII text included")
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
                let error = await #expect(throws: MigrationError.self) {
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
        let error = await #expect(throws: MigrationError.self) {
            try await service.create(NewImage(name: Lab.uniqueName("pub"), visibility: .public))
        }
        #expect(error?.code == .forbidden)
        #expect(error?.answer?.message.isEmpty == false)
    }

    @Test("the patch between two versions makes the one the other")
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

            let refused = await #expect(throws: MigrationError.self) {
                try await service.delete(image.id)
            }
            #expect(refused?.code == .forbidden)
            _ = try await service.update(image.id, [.replace("protected", false)])
        }
    }

    @Test("removing what is not there is a conflict, and changes nothing")
    func badPatch() async throws {
        try await Lab.withImage { service, image in
            let error = await #expect(throws: MigrationError.self) {
                try await service.update(image.id, [.add("x", "1"), .remove("y")])
            }
            #expect(error?.code == .conflict)
            let unchanged = try await service.image(image.id)
            #expect(unchanged.properties["x"] == nil)
        }
    }

    @Test("pages of two give every image once, with a name that needs quoting")
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

    @Test("filters reach the service as it reads them")
    func filters() async throws {
        let name = Lab.uniqueName("filter")
        let new = NewImage(
            name: name, diskFormat: "iso", containerFormat: "bare", visibility: .community,
            isHidden: true, tags: ["t1", "t 2"], properties: ["os_distro": "x & y"])
        try await Lab.withImage(new) { service, image in
            func expect(
                _ count: Int, _ comment: Comment, _ change: (inout ImageQuery) -> Void
            ) async throws {
                var query = ImageQuery(name: .one(name), isHidden: true)
                change(&query)
                let found = try await service.images(query).all()
                #expect(found.count == count, comment)
            }
            try await expect(1, " in") { _ in }
            try await expect(0, "0isHidden = nil") { $0.isHidden = nil }
            try await expect(1, "0tags = [t1, t 2]") { $0.tags = ["t1", "t 2"] }
            try await expect(0, "0tags = [t1, t3]") { $0.tags = ["t1", "t3"] }
            try await expect(1, "0properties = [osdistro x  y]") {
                $0.properties = ["os_distro": "x & y"]
            }
            try await expect(0, "0properties = [osdistro x]") { $0.properties = ["os_distro": "x"] }
            try await expect(1, "0diskFormat = [iso, raw]") { $0.diskFormat = ["iso", "raw"] }
            try await expect(0, "0status = [active]") { $0.status = ["active"] }
            try await expect(1, "0visibility = community") { $0.visibility = "community" }
            try await expect(0, "0createdAt = initless, 20200101T000000Z") {
                $0.createdAt = .init(.less, "2020-01-01T00:00:00Z")
            }
            try await expect(1, "0createdAt = initgreater, 20200101T000000Z") {
                $0.createdAt = .init(.greater, "2020-01-01T00:00:00Z")
            }
            try await expect(0, "0isProtected = true") { $0.isProtected = true }
            try await expect(1, "0ownerID = imageownerID") { $0.ownerID = image.ownerID }
        }
    }

    @Test("a bad filter is refused in Glance's words")
    func badFilter() async throws {
        let service = try Lab.service()
        let error = await #expect(throws: MigrationError.self) {
            try await service.images(ImageQuery(visibility: "nobody")).all()
        }
        #expect(error?.code == .badRequest)
    }

    @Test("deactivated data is withheld until it is reactivated")
    func deactivated() async throws {
        try await Lab.withActiveImage { service, image in
            try await service.deactivate(image.id)
            #expect(try await service.image(image.id).status == .deactivated)
            try await service.reactivate(image.id)
            #expect(try await service.image(image.id).status == .active)
        }
    }

    @Test("deleting what is missing is fine only when that was said")
    func deletedTwice() async throws {
        try await Lab.withImage { service, image in
            try await service.delete(image.id)
            try await service.delete(image.id, missingIsFine: true)
            let error = await #expect(throws: MigrationError.self) {
                try await service.delete(image.id)
            }
            #expect(error?.code == .notFound)
        }
    }
}
