// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import LabSupport
import OpenStackImage
import TestSupport
import Testing

extension LegacyCloud {
    /// Creates an image, with data if it is given.
    func add(
        _ name: String, _ bytes: [UInt8]?, _ fields: LegacyImageFields = .init()
    ) async throws -> LegacyImage {
        var fields = fields
        fields.name = name
        fields.diskFormat = fields.diskFormat ?? "raw"
        fields.containerFormat = fields.containerFormat ?? "bare"
        guard let bytes else { return try await service().create(fields) }
        let ring = ByteRing(capacityBytes: bytes.count + (64 << 10))
        try bytes.withUnsafeBytes { (bytes) throws -> Void in try ring.write(bytes) }
        ring.finishWriting()
        return try await service().create(fields, from: ring, sizeBytes: Int64(bytes.count))
    }

    /// Removes every image whose name begins with the prefix.
    func removeImages(_ prefix: String) async throws {
        let service = try service()
        for image in try await service.images(LegacyImageQuery(publicity: .any)).all()
        where image.name?.hasPrefix(prefix) == true {
            if image.isProtected {
                _ = try await service.update(image.id, LegacyImageFields(isProtected: false))
            }
            try await service.delete(image.id, missingIsFine: true)
        }
    }
}

extension Scene {
    /// Writes a clouds.yaml with the lab's clouds and this one, under the name `old`.
    func cloudsFile(with legacy: LegacyCloud, _ keys: [String] = []) throws -> [String: String] {
        let path = folder.appendingPathComponent("clouds.yaml")
        let entry = ["auth_type: none", "image_endpoint_override: \(try legacy.url())"] + keys
        let lab = try String(contentsOfFile: Lab.cloudsFile, encoding: .utf8)
        let text = "\(lab)  old:\n" + entry.map { "    \($0)\n" }.joined()
        try Data(text.utf8).write(to: path)
        return ["OS_CLIENT_CONFIG_FILE": path.path]
    }
}

/// Runs a test in a scene of its own with a legacy cloud, and cleans up both.
func legacyScene(
    _ topic: String, _ cloud: LegacyCloud, _ body: (Scene) async throws -> Void
) async throws {
    try await scene("v1-\(topic)") { scene in
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(scene))
        } catch {
            outcome = .failure(error)
        }
        try await cloud.removeImages(scene.prefix)
        try outcome.get()
    }
}
