// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import LabSupport
import OpenStackImage
import TestSupport
import Testing

@Suite("Images v1: lists")
struct LegacyListsTests {
    private typealias Query = LegacyImageQuery

    /// Runs a body with five images of 1 to 5 bytes. Every second one is public, and all have one
    /// property by which the test lists them.
    private func withFive(
        _ cloud: LegacyCloud,
        _ body: (LegacyImageService, Query, [LegacyImage]) async throws -> Void
    ) async throws {
        let service = try cloud.service()
        let group = UUID().uuidString.lowercased()
        var images: [LegacyImage] = []
        for number in 0..<5 {
            var fields = LegacyCloud.raw
            fields.name = "\(group)-\(number)"
            fields.isPublic = number.isMultiple(of: 2)
            fields.properties = ["group": group]
            if number == 4 { (fields.minRAMMiB, fields.minDiskGiB) = (64, 2) }
            if number == 3 { fields.containerFormat = "ovf" }
            if number == 2 { fields.diskFormat = "iso" }
            images.append(
                try await service.create(
                    fields, from: try Lab.ring([UInt8](repeating: 7, count: number + 1)),
                    sizeBytes: Int64(number + 1)))
        }
        let query = Query(publicity: .any, properties: ["group": group])
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(service, query, images))
        } catch {
            outcome = .failure(error)
        }
        for image in images { try await service.delete(image.id, missingIsFine: true) }
        try outcome.get()
    }

    private func numbers(_ images: [LegacyImage]) -> [Int] { numbers(images.map(\.name)) }

    private func numbers(_ names: [String?]) -> [Int] {
        names.map { Int($0?.suffix(1) ?? "") ?? -1 }
    }

    /// Returns the images of both lists, the long and the short one.
    private func numbers(_ service: LegacyImageService, _ query: Query) async throws -> [Int] {
        let long = numbers(try await service.images(query).all())
        let short = numbers(try await service.summaries(query).all().map(\.name))
        #expect(short == long, "\(query)")
        return long
    }

    @Test(
        "each filter lets through what it says",
        .proves(
            "v1 list(name, container_format, disk_format, status, size_min, size_max, min_ram, min_disk, protected, is_public, property-*)",
            "v1 detail(name, container_format, disk_format, status, size_min, size_max, min_ram, min_disk, protected, is_public, property-*)"
        ), arguments: LegacyCloud.all)
    func filters(_ cloud: LegacyCloud) async throws {
        try await withFive(cloud) { service, all, images in
            _ = try await service.update(images[1].id, LegacyImageFields(isProtected: true))
            func list(_ change: (inout Query) -> Void) async throws -> [Int] {
                var query = all
                change(&query)
                return try await numbers(service, query)
            }
            #expect(try await list { _ in } == [4, 3, 2, 1, 0])
            #expect(try await list { $0.name = images[3].name } == [3])
            #expect(try await list { $0.status = .active } == [4, 3, 2, 1, 0])
            #expect(try await list { $0.status = .queued } == [])
            #expect(try await list { $0.diskFormat = "iso" } == [2])
            #expect(try await list { $0.containerFormat = "ovf" } == [3])
            #expect(try await list { $0.sizeMinBytes = 3 } == [4, 3, 2])
            #expect(try await list { $0.sizeMaxBytes = 2 } == [1, 0])
            #expect(
                try await list { ($0.sizeMinBytes, $0.sizeMaxBytes) = (2, 4) } == [3, 2, 1])
            #expect(try await list { $0.minRAMMiB = 64 } == [4])
            #expect(try await list { $0.minDiskGiB = 2 } == [4])
            #expect(try await list { $0.isProtected = true } == [1])
            #expect(try await list { $0.isProtected = false } == [4, 3, 2, 0])
            #expect(try await list { $0.publicity = nil } == [4, 2, 0])
            #expect(try await list { $0.publicity = .mine } == [4, 2, 0])
            #expect(try await list { $0.publicity = .private } == [3, 1])
            #expect(try await list { $0.properties["group"] = "other" } == [])
            _ = try await service.update(images[1].id, LegacyImageFields(isProtected: false))
        }
    }

    @Test(
        "changes since a time hold what was deleted since",
        .proves("v1 list(changes-since)", "v1 detail(changes-since)"), arguments: LegacyCloud.all)
    func changesSince(_ cloud: LegacyCloud) async throws {
        try await withFive(cloud) { service, all, images in
            var query = all
            query.changesSince = try await service.image(images[2].id).updatedAt
            #expect(try await numbers(service, query) == [4, 3])
            try await service.delete(images[0].id)
            // A deleted image has no properties by which it could be listed.
            query = Query(name: images[0].name, publicity: .any)
            #expect(try await service.images(query).all().isEmpty)
            query.changesSince = images[0].updatedAt
            let deleted = try #require(try await service.images(query).all().first)
            #expect(deleted.isDeleted)
            #expect(deleted.status == .deleted)
        }
    }

    @Test(
        "the order is as asked for",
        .proves("v1 list(sort_key, sort_dir)", "v1 detail(sort_key, sort_dir)"),
        arguments: LegacyCloud.all)
    func order(_ cloud: LegacyCloud) async throws {
        try await withFive(cloud) { service, all, _ in
            for key in ["name", "size", "created_at"] {
                var query = all
                query.sortKey = key
                let descending = try await numbers(service, query)
                #expect(descending == [4, 3, 2, 1, 0])
                query.isAscending = true
                let ascending = try await numbers(service, query)
                #expect(ascending == [0, 1, 2, 3, 4])
            }
        }
    }

    @Test(
        "pages follow each other to the end",
        .proves("v1 list(limit, marker)", "v1 detail(limit, marker)"), arguments: LegacyCloud.all)
    func pages(_ cloud: LegacyCloud) async throws {
        try await withFive(cloud) { service, all, images in
            var query = all
            query.pageLimit = 2
            var pages: [[Int]] = []
            for try await page in service.images(query) { pages.append(numbers(page)) }
            #expect(pages == [[4, 3], [2, 1], [0]])
            pages = []
            for try await page in service.summaries(query) {
                pages.append(numbers(page.map(\.name)))
            }
            #expect(pages == [[4, 3], [2, 1], [0]])
            query.marker = images[2].id
            #expect(try await numbers(service, query) == [1, 0])
        }
    }

    @Test(
        "from any page a step forward and a step back lead to its neighbours",
        .proves("v1 list(next, previous)", "v1 detail(next, previous)"),
        arguments: LegacyCloud.all, [nil, true, false])
    func neighbours(_ cloud: LegacyCloud, _ isAscending: Bool?) async throws {
        try await withFive(cloud) { service, all, _ in
            var query = all
            query.pageLimit = 2
            query.isAscending = isAscending
            let whole = isAscending == true ? [0, 1, 2, 3, 4] : [4, 3, 2, 1, 0]
            try await walk(service.images(query), whole, \.name)
            try await walk(service.summaries(query), whole, \.name)
        }
    }

    /// Walks to the end of a list of five in pages of two, and back before its start.
    private func walk<Item: ServiceRecord>(
        _ list: LegacyPages<Item>, _ whole: [Int], _ name: (Item) -> String?
    ) async throws {
        func shown(_ page: LegacyPage<Item>) -> [Int] { numbers(page.items.map(name)) }
        let first = try await list.first()
        #expect(shown(first) == Array(whole[0..<2]))
        #expect(first.previous == nil)
        let second = try await list.page(try #require(first.next))
        #expect(shown(second) == Array(whole[2..<4]))
        let third = try await list.page(try #require(second.next))
        #expect(shown(third) == [whole[4]])
        let end = try await list.page(try #require(third.next))
        #expect(end.items.isEmpty)
        #expect(end.next == nil)
        let back = try await list.page(try #require(third.previous))
        #expect(shown(back) == Array(whole[2..<4]))
        let forth = try await list.page(try #require(back.next))
        #expect(shown(forth) == [whole[4]])
        let start = try await list.page(try #require(back.previous))
        #expect(shown(start) == Array(whole[0..<2]))
        let before = try await list.page(try #require(start.previous))
        #expect(before.items.isEmpty)
        #expect(before.previous == nil)
    }

    @Test("a short list has six fields an image", arguments: LegacyCloud.all)
    func summaries(_ cloud: LegacyCloud) async throws {
        try await withFive(cloud) { service, all, images in
            var query = all
            query.pageLimit = 3
            let summaries = try await service.summaries(query).all()
            #expect(summaries.map(\.id) == images.reversed().map(\.id))
            let first = try #require(summaries.first)
            #expect(first.name == images[4].name)
            #expect(first.sizeBytes == 5)
            #expect(first.diskFormat == "raw")
            #expect(first.containerFormat == "bare")
            #expect(first.checksum == images[4].checksum)
            #expect(first.record.count == 6)
        }
    }

    @Test(
        "a bad condition is a bad request", arguments: LegacyCloud.all,
        [
            Query(sizeMinBytes: -1), Query(changesSince: "yesterday"), Query(sortKey: "colour"),
            Query(pageLimit: -1), Query(marker: "no-uuid"),
            Query(marker: "00000000-0000-4000-8000-000000000000"),
        ])
    private func badConditions(_ cloud: LegacyCloud, _ query: Query) async throws {
        let service = try cloud.service()
        let error = await #expect(throws: TranshipError.self) {
            _ = try await service.images(query).all()
        }
        #expect(error?.code == .badRequest)
    }

    /// This is the reason why planning filters names itself.
    @Test(
        "text beyond ASCII in a filter is more than the service can take",
        arguments: LegacyCloud.all)
    func textInFilter(_ cloud: LegacyCloud) async throws {
        let service = try cloud.service()
        let error = await #expect(throws: TranshipError.self) {
            _ = try await service.images(Query(name: "Grün")).all()
        }
        #expect(error?.code == .serviceFailed)
    }

    @Test("links are followed where a service writes some, but not in circles")
    func links() async throws {
        let server = try RawHTTPServer { _ in
            .status(200, text: #"{"images": [{"id": "1"}], "next": "/v1/images/detail?page=2"}"#)
        }
        let service = LegacyImageService(
            CloudSession(
                CloudConfiguration(
                    name: "x", authentication: .none, imageEndpointOverride: server.url)))
        let error = await #expect(throws: TranshipError.self) {
            _ = try await service.images().all()
        }
        #expect(error?.code == .invalidAnswer)
        #expect(
            server.requests.map(\.target) == [
                "/v1/images/detail?limit=1000", "/v1/images/detail?page=2",
            ])
    }
}
