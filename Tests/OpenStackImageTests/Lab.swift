// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import FoundationEssentials
import HTTPTransport
import LabSupport
import Testing

@testable import OpenStackImage

extension Lab {
    static func session(
        _ cloud: String, region: String? = nil, project: String? = nil
    ) throws -> CloudSession {
        try CloudSession.named(
            cloud, region: region, project: project,
            environment: ["OS_CLIENT_CONFIG_FILE": cloudsFile])
    }

    static func service(_ cloud: String = "alpha") throws -> ImageService {
        ImageService(try session(cloud))
    }

    /// Returns a name that no other test, run or person uses.
    static func uniqueName(_ stem: String) -> String { "\(stem)-\(UUID().uuidString)" }

    /// Creates an image, passes it to `body`, and always deletes it.
    static func withImage(
        _ image: NewImage = NewImage(diskFormat: "raw", containerFormat: "bare"),
        _ cloud: String = "alpha",
        _ body: (ImageService, Image) async throws -> Void
    ) async throws {
        let service = try service(cloud)
        var image = image
        image.name = image.name ?? uniqueName("test")
        let created = try await service.create(image)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(service, created))
        } catch {
            outcome = .failure(error)
        }
        try await service.delete(created.id, missingIsFine: true)
        try outcome.get()
    }

    /// Creates an image with data, passes it to `body`, and always deletes it.
    static func withActiveImage(
        _ bytes: [UInt8] = Array("0123456789".utf8),
        _ image: NewImage = NewImage(diskFormat: "raw", containerFormat: "bare"),
        _ body: (ImageService, Image) async throws -> Void
    ) async throws {
        try await withImage(image) { service, image in
            try await service.upload(
                image.id, from: ring(bytes), sizeBytes: Int64(bytes.count))
            try await body(service, try await service.image(image.id))
        }
    }

    /// Revokes the token that a service holds, and returns it.
    static func revokeToken(of service: ImageService) async throws -> Secret<String> {
        let authorization = try await service.session.authorization()
        let token = try #require(authorization.token)
        var headers: HTTPHeaders = ["X-Subject-Token": token.revealed]
        authorization.add(to: &headers)
        let authURL = try #require(service.session.configuration.authURL)
        let answer = try await service.session.http.send(
            HTTPRequest(.delete, TokenRequests.tokensURL(authURL), headers: headers))
        #expect(answer.status == 204)
        return token
    }

    /// Returns a ring with these bytes and their end.
    static func ring(_ bytes: [UInt8]) throws -> ByteRing {
        let ring = ByteRing(capacityBytes: max(1 << 16, bytes.count * 2))
        // The closure is not typed: Swift 6.3.1 crashes in the conversion from one to the other.
        try bytes.withUnsafeBytes { (bytes) throws -> Void in try ring.write(bytes) }
        ring.finishWriting()
        return ring
    }

    /// Returns all bytes of a ring that is as large as its bytes.
    static func bytes(_ ring: ByteRing) throws -> [UInt8] {
        ring.finishWriting()
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try buffer.withUnsafeMutableBytes { (buffer) throws -> Int in
                try ring.read(into: buffer)
            }
            guard count > 0 else { return all }
            all += buffer[..<count]
        }
    }

    /// Repeats a request until its answer satisfies the condition, for at most a minute.
    static func eventually<Value>(
        _ ask: () async throws -> Value, until satisfied: (Value) -> Bool
    ) async throws -> Value {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let value = try await ask()
            if satisfied(value) { return value }
            if ContinuousClock.now > end {
                Issue.record("still \(value) after a minute")
                return value
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
