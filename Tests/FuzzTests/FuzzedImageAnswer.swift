// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import MigrationModel
import TestSupport

@testable import OpenStackImage
@testable import PipelineFiles
@testable import SourceReaders
@testable import TaskWaiters

/// Bytes as the body of any answer of the Image service, API v2.
enum FuzzedImageAnswer {
    static func run(_ bytes: [UInt8]) {
        guard let json = try? JSONValue(body: bytes, asked: "GET /v2") else { return }
        _ = json.body
        if let image = try? Image(json: json) { use(image, task: json["task"]) }
        if let page = try? RecordPage<Image>(json: json, key: "images", asked: "GET /v2/images") {
            for image in page.records { use(image, task: nil) }
            _ = page.nextQuery
        }
        lists(json)
        for task in ImageTask.list(json["tasks"]) { _ = (task.importMethod, task.message) }
    }

    /// Parses the other lists, found by their keys.
    private static func lists(_ json: JSONValue) {
        for usage in (try? Usage.list(json)) ?? [] { _ = usage.left }
        _ = ServiceVersion.list(json)
        _ = try? ImageLocation.list(json, asked: "GET /v2/images/1/locations")
        _ = ImportInfo(record: json.object ?? [:]).methods
        for store in ImageStore.list(json["stores"]) { _ = (store.weight, store.isReadOnly) }
        for member in Member.list(json["members"]) { _ = (member.status, member.imageID) }
        let cache = CachedImages(record: json.object ?? [:])
        _ = (cache, PrunedCache(json: json))
        _ = try? RecordPage<MetadefNamespace>(json: json, key: "namespaces", asked: "")
        for entry in MetadefProperty.entries(in: json) { _ = try? entry.written() }
        for entry in MetadefObject.entries(in: json) { _ = try? entry.creation(in: "n") }
        _ = try? MetadefNamespace(record: json.object ?? [:]).creation()
        _ = Schema(name: "image", record: json.object ?? [:]).allowedValues(of: "disk_format")
    }

    private static func use(_ image: Image, task: JSONValue?) {
        _ = (image.locations, image.importingStores, image.createdAt)
        var changed = image
        changed.name = "another"
        changed.tags.append("a tag")
        changed.properties["a"] = "b"
        _ = PatchOperation.changes(from: image, to: changed)
        let source = SourceImage(image, sourceIndex: 0)
        let selection = CloudSource(
            cloud: cloud, selection: ImageSelection(), exclude: nil, limitsImages: nil)
        _ = selection.selects(source.facts, selfProjectID: "p", nowUnixSeconds: 1_700_000_000)
        var transfer = Sample.transfer(source: source, method: .glanceDirect, state: .importing)
        transfer.wait.importRequestedAt = 0
        let look = ImportLook(
            transfer: transfer, image: image, task: task.flatMap { try? ImageTask(json: $0) },
            now: 3_600_000, jitter: 0.5)
        _ = (look.judge(), look.judgeCopy())
    }

    private static let cloud = CloudName(
        name: "alpha", region: nil, interface: nil, project: nil,
        position: FilePosition(file: "p.yaml", line: 1, column: 1))
}
