// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import HTTPTransport
import OpenStackImage
import Testing

/// The lab: two real clouds (docs/lab.md).
enum Lab {
    static let folder = ProcessInfo.processInfo.environment["TRANSHIP_LAB"] ?? ""
    static let isHere = FileManager.default.fileExists(atPath: "\(folder)/clouds.yaml")
    static let cloudsFile = "\(folder)/clouds.yaml"

    static let repository =
        ProcessInfo.processInfo.environment["TRANSHIP_REPO"]
        ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../..").standardizedFileURL.path

    /// Runs with a setting of a cloud changed, and puts it back.
    static func with(
        _ name: String, _ value: String, of cloud: String, _ body: () async throws -> Void
    ) async throws {
        try await lab(["set", cloud, name, value])
        do {
            try await body()
        } catch {
            try await lab(["set", cloud, name, "default"])
            throw error
        }
        try await lab(["set", cloud, name, "default"])
    }

    static func lab(_ arguments: [String]) async throws {
        let scratch = FileManager.default.temporaryDirectory
        let command = try RunningCommand(
            arguments, environment: ProcessInfo.processInfo.environment, folder: scratch,
            binary: URL(fileURLWithPath: "\(repository)/scripts/lab"))
        let outcome = await command.outcome()
        try #require(outcome.status == 0, outcome.said)
    }
}

/// One entry of the lab's clouds.yaml. Values are the service's own JSON, so
/// that no decoder of ours stands between a test and what the service says.
struct LabCloud: Sendable {
    let service: ImageService

    static let alpha = LabCloud("alpha")
    static let alphaAdmin = LabCloud("alpha-admin")
    static let alphaOther = LabCloud("alpha-other")
    static let beta = LabCloud("beta")
    static let betaAdmin = LabCloud("beta-admin")
    static let betaOther = LabCloud("beta-other")

    init(_ name: String) {
        do {
            service = ImageService(
                try CloudSession.named(
                    name, environment: ["OS_CLIENT_CONFIG_FILE": Lab.cloudsFile]))
        } catch {
            preconditionFailure("the lab has no cloud \(name): \(error)")
        }
    }

    var projectID: String {
        get async throws { try #require(try await service.session.authenticate().projectID) }
    }

    // MARK: Looking

    func image(_ id: String) async throws -> JSONValue {
        try await service.sendForJSON(ServiceRequest(.get, "/v2/images/\(id)"))
    }

    /// Every image that we may see whose name begins like this, in order of creation.
    func images(_ prefix: String) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        for hidden in ["false", "true"] {
            var marker: String?
            while true {
                var query: [ServiceRequest.QueryItem] = [
                    .init("limit", "200"), .init("visibility", "all"), .init("os_hidden", hidden),
                ]
                if let marker { query.append(.init("marker", marker)) }
                let page = try await service.sendForJSON(
                    ServiceRequest(.get, "/v2/images", query: query))
                let images = page["images"]?.array ?? []
                found += images.filter { $0["name"]?.string?.hasPrefix(prefix) == true }
                guard page["next"] != nil, let last = images.last?["id"]?.string else { break }
                marker = last
            }
        }
        return found.sorted { $0.text("created_at") < $1.text("created_at") }
    }

    /// The only image of that name.
    func only(_ name: String) async throws -> JSONValue {
        let found = try await images(name).filter { $0["name"]?.string == name }
        try #require(found.count == 1, "\(found.count) images are called \(name)")
        return found[0]
    }

    func members(_ id: String) async throws -> [String] {
        let answer = try await service.sendForJSON(
            ServiceRequest(.get, "/v2/images/\(id)/members"))
        return (answer["members"]?.array ?? []).map { $0.text("member_id") }.sorted()
    }

    func data(_ id: String) async throws -> [UInt8] {
        let answer = try await service.send(
            ServiceRequest(.get, "/v2/images/\(id)/file"), expecting: [200, 204])
        return answer.body
    }

    // MARK: Changing

    /// Creates an image with its data and returns it as the service shows it.
    @discardableResult
    func add(
        _ name: String, _ bytes: [UInt8]?, disk: String = "raw", container: String = "bare",
        _ more: [String: JSONValue] = [:]
    ) async throws -> JSONValue {
        var record: [String: JSONValue] = [
            "name": .string(name), "disk_format": .string(disk),
            "container_format": .string(container),
        ]
        record.merge(more) { $1 }
        let image = try await service.sendForJSON(
            ServiceRequest(.post, "/v2/images", json: .object(record)))
        guard let bytes else { return image }
        try await service.send(
            ServiceRequest(
                .put, "/v2/images/\(image.id)/file",
                headers: ["Content-Type": "application/octet-stream"], body: bytes),
            expecting: [204])
        return try await self.image(image.id)
    }

    @discardableResult
    func change(_ id: String, _ changes: [String: JSONValue]) async throws -> JSONValue {
        let operations = changes.sorted { $0.key < $1.key }.map { key, value -> JSONValue in
            ["op": "add", "path": .string("/\(key)"), "value": value]
        }
        return try await service.sendForJSON(
            ServiceRequest(
                .patch, "/v2/images/\(id)", json: .array(operations),
                mediaType: "application/openstack-images-v2.1-json-patch"))
    }

    func share(_ id: String, with project: String) async throws {
        _ = try await service.sendForJSON(
            ServiceRequest(
                .post, "/v2/images/\(id)/members", json: ["member": .string(project)]))
    }

    func delete(_ image: JSONValue) async throws {
        if image["protected"]?.bool == true {
            try await change(image.id, ["protected": false])
        }
        try await service.send(
            ServiceRequest(.delete, "/v2/images/\(image.id)"), expecting: [204, 404, 403])
    }
}

extension JSONValue {
    /// A member as text; empty where it is missing.
    func text(_ key: String) -> String { self[key]?.string ?? "" }

    var id: String { text("id") }
    var name: String { text("name") }
}
