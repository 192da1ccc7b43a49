// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import Foundation
import GlanceModel
import GlanceServer
import TestSupport
import Testing

/// `limits.images: 1000`, the largest number that a pipeline may request, with 1,000 images of 1
/// MiB that are all in flight at once.
///
/// Part of `make soak`: these tests take minutes with a debug build.
@Suite(
    .serialized, .timeLimit(.minutes(10)),
    .enabled(if: ProcessInfo.processInfo.environment["TRANSHIP_SOAK"] != nil))
struct ThousandTests {
    private static let images = 1000
    private static let peakMebibytesMax = 1536.0

    @Test func `A thousand images in flight end, and stay under 1.5 GiB`() async throws {
        let crowd = try Crowd(images: Self.images)
        let (process, file) = try crowd.start()
        async let peak = peakMebibytes(of: process.pid)
        let watchdog = Task {
            try await Task.sleep(for: .seconds(300))
            Issue.record("the run does not end: \(crowd.holding) bodies are held")
            process.signal(SIGKILL)
        }
        let started = ContinuousClock.now
        let status = await process.status
        watchdog.cancel()
        let words = String(decoding: try crowd.folder.bytes(of: file), as: UTF8.self).suffix(2000)
        #expect(status == 0, "\(words)")
        #expect(crowd.copies == Self.images)
        #expect(crowd.mostHeld == Self.images, "never were all of them in flight")
        let most = await peak
        print("thousand: \(most) MiB, \(ContinuousClock.now - started)")
        #expect(most < Self.peakMebibytesMax)
    }

    @Test func `SIGTERM ends a thousand images in flight within 5 seconds`() async throws {
        let crowd = try Crowd(images: Self.images, opens: false)
        let (process, file) = try crowd.start()
        let areAllThere = await eventually(withinSeconds: 120) { crowd.holding == Self.images }
        #expect(areAllThere, "\(crowd.holding) of them are in flight")
        let asked = ContinuousClock.now
        process.signal(SIGTERM)
        let status = await process.status
        let seconds = (ContinuousClock.now - asked) / .seconds(1)
        crowd.open()
        print("thousand: ended \(seconds) s after SIGTERM")
        let words = String(decoding: try crowd.folder.bytes(of: file), as: UTF8.self)
        #expect(status == 130, "\(words)")
        #expect(seconds < 5)
    }

    /// Returns the kernel's high-water mark of resident memory, which it watches until the end.
    private func peakMebibytes(of pid: Int32) async -> Double {
        var peak = 0.0
        while let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kibibytes = Double(line.filter(\.isNumber))
        {
            peak = max(peak, kibibytes / 1024)
            try? await Task.sleep(for: .milliseconds(10))
        }
        return peak
    }
}

/// Two clouds. The target holds every body until all have begun.
private final class Crowd: Sendable {
    let folder: TemporaryFolder
    private let images: Int
    private let source: GlanceServer
    private let target: GlanceServer
    private let gate: Guarded<(holding: Int, most: Int, isOpen: Bool)>

    private static let sizeBytes = 1 << 20

    /// - Parameter opens: false to hold the bodies until ``open()``.
    init(images: Int, opens: Bool = true) throws {
        self.images = images
        // This process has the other ends of all connections, so it needs as many open files.
        OpenFileLimit.raise()
        folder = try TemporaryFolder()
        let data = [UInt8](repeating: 0x74, count: Self.sizeBytes)
        let digests = try [Checksum.Algorithm.md5, .sha512].reduce(into: [:]) {
            $0[$1] = try digest($1, of: data).value
        }
        func server() throws -> GlanceServer {
            var settings = GlanceModel.Settings()
            settings.needsToken = true
            settings.digest = { $1 == data ? digests[$0] ?? "" : "" }
            let server = try GlanceServer(settings, keptBodyBytes: 4096)
            server.share(data)
            return server
        }
        source = try server()
        target = try server()
        for number in 0..<images {
            let id = "5ce00000-0000-4000-8000-\(String(100_000_000_000 + number))"
            source.put(id, data: data, ["name": .string("image \(number)")])
        }
        let gate = Guarded<(holding: Int, most: Int, isOpen: Bool)>((0, 0, false))
        self.gate = gate
        target.holdBodies {
            gate.withLock { gate in
                gate.holding += 1
                gate.most = max(gate.most, gate.holding)
                if opens, gate.holding == images { gate.isOpen = true }
            }
            while !gate.withLock({ $0.isOpen }) { usleep(20_000) }
        }
    }

    deinit { open() }

    var holding: Int { gate.withLock { $0.holding } }
    var mostHeld: Int { gate.withLock { $0.most } }

    func open() { gate.withLock { $0.isOpen = true } }

    /// The number of complete images at the target.
    var copies: Int {
        target.ids.count { target.image($0)?["status"] == "active" }
    }

    /// Starts the process.
    ///
    /// - Returns: the process, and the path of the file with its output.
    func start() throws -> (StartedProcess, String) {
        func entry(_ name: String, _ server: GlanceServer) -> String {
            """
              \(name):
                auth: { auth_url: "\(server.url)/v3", username: u, password: password, project_name: p,
                  user_domain_name: Default, project_domain_name: Default }
                region_name: RegionOne
            """
        }
        let clouds = "clouds:\n\(entry("one", source))\n\(entry("two", target))\n"
        try folder.write(Array(clouds.utf8), to: "clouds.yaml")
        let pipeline = """
            version: 1
            name: thousand
            sources: [{ cloud: one }]
            targets: [{ cloud: two, method: upload }]
            transfer: stream
            limits: { images: \(images) }
            """
        try folder.write(Array(pipeline.utf8), to: "pipeline.yaml")
        let file = "said"
        let process = try StartedProcess(
            StartedProcess.tranship,
            ["run", "pipeline.yaml", "--journal", "journal.sqlite"],
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": folder.path,
                "OS_CLIENT_CONFIG_FILE": folder.file("clouds.yaml"),
                "SWIFT_BACKTRACE": "enable=no",
            ],
            folder: URL(fileURLWithPath: folder.path),
            output: URL(fileURLWithPath: folder.file(file)),
            talk: URL(fileURLWithPath: folder.file(file)))
        return (process, file)
    }
}
