// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import GlanceServer
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

/// A folder with a clouds.yaml, a pipeline and a netrc full of secrets, and with all files that
/// commands write into it.
final class CanaryScene: Sendable {
    /// The secrets. Each has a word of its own, so that a finding names the kind.
    enum Bird: String, CaseIterable, Sendable {
        case password = "birdpassword1f3a"
        case applicationCredential = "birdapplication2c9e"
        case token = "birdtoken3d71"
        case basic = "birdbasic4b08"
        case header = "birdheader5e5f"
        case variable = "birdvariable6a2d"
        case escaped = "birdescaped7c44"
        case dollar = "bird$dollar8e17"
        case signature = "birdsignature9b6c"
        case listSignature = "birdlist0d3e"
        case netrc = "birdnetrc1e8b"
        case login = "birdlogin2f90"
        case proxy = "birdproxy3a5d"
        case user = "birduser4c2b"
        /// The tokens that the model of Keystone issues.
        case issued = "token-one-"
        case issuedToo = "token-two-"
    }

    static let basic = Data("bird:\(Bird.basic.rawValue)".utf8).base64EncodedString()
    static let netrcLogin = Data("bird:\(Bird.netrc.rawValue)".utf8).base64EncodedString()
    private static let login = Data("bird:\(Bird.login.rawValue)".utf8).base64EncodedString()

    /// All texts that must not be found.
    private static let sought =
        Bird.allCases.map(\.rawValue) + Bird.allCases.map { LoudFailure.inEscapes($0.rawValue) } + [
            "bird$$dollar8e17", "irdescaped7c44", basic, netrcLogin, login,
        ]

    static let commands = [
        ["plan", "pipeline.yaml", "--save", "saved.json", "--journal", "journal.sqlite"],
        ["run", "pipeline.yaml", "--journal", "journal.sqlite"],
        ["run", "pipeline.yaml", "--format", "json", "--journal", "journal.sqlite"],
        ["status", "--journal", "journal.sqlite"],
        ["status", "--format", "json", "--journal", "journal.sqlite"],
        ["doctor", "password"], ["doctor", "application", "--format", "json"],
        ["doctor", "token"], ["doctor", "basic"],
        ["image", "show", LoudCloud.imageID, "--cloud", "password"],
        ["image", "show", LoudCloud.imageID, "--cloud", "basic", "--format", "json"],
        ["image", "list", "--cloud", "token"],
    ]

    let cloud: LoudCloud
    let folder: TemporaryFolder
    private let outputs = Guarded<Int>(0)
    private let running = Guarded<Int32>(0)

    /// The process id of the command that runs.
    var pid: Int32 { running.withLock { $0 } }

    /// The number of bytes of output so far.
    var spoken: Int {
        files.filter { $0.hasPrefix("said") }.reduce(0) {
            $0 + ((try? folder.bytes(of: $1))?.count ?? 0)
        }
    }

    var files: [String] {
        (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    }

    private static let inputs: Set<String> = ["clouds.yaml", "pipeline.yaml", ".netrc"]

    /// - Parameter pipeline: sources of a pipeline instead of the usual ones; `URL` in it is the
    ///   mirror.
    init(_ cloud: LoudCloud, pipeline: String? = nil) throws {
        self.cloud = cloud
        folder = try TemporaryFolder()
        let mirror = cloud.mirror.url
        try folder.write(Array(Self.clouds(cloud).utf8), to: "clouds.yaml")
        try folder.write(
            Array("machine 127.0.0.1 login bird password \(Bird.netrc.rawValue)\n".utf8),
            to: ".netrc")
        let sources = (pipeline ?? Self.sources).replacing("URL", with: mirror)
        let text = """
            version: 1
            name: aviary
            sources:
            \(sources)
            targets: [{ cloud: application }]
            limits: { attempts: 1 }
            """
        try folder.write(Array(text.utf8), to: "pipeline.yaml")
    }

    private static func clouds(_ cloud: LoudCloud) -> String {
        """
        clouds:
          password:
            auth: { auth_url: "\(cloud.source.url)/v3", username: u, password: \(Bird.password.rawValue),
              project_name: p, user_domain_name: Default, project_domain_name: Default }
            region_name: RegionOne
          application:
            auth_type: v3applicationcredential
            auth: { auth_url: "\(cloud.target.url)/v3", application_credential_id: a,
              application_credential_secret: \(Bird.applicationCredential.rawValue) }
            region_name: RegionOne
          token:
            auth_type: v3token
            auth: { auth_url: "\(cloud.source.url)/v3", token: \(Bird.token.rawValue), project_name: p,
              project_domain_name: Default }
            region_name: RegionOne
          basic:
            auth_type: http_basic
            auth: { username: bird, password: \(Bird.basic.rawValue) }
            image_endpoint_override: "\(cloud.source.url)"
        """
    }

    private static let sources = """
          - cloud: password
            images: { name: "src*" }
          - url: "URL/signed.raw?X-Amz-Signature=\(Bird.signature.rawValue)"
            image: { name: signed, disk_format: raw, container_format: bare }
          - url: URL/headed.raw
            headers: { X-Api-Key: \(Bird.header.rawValue), Authorization: "Bearer ${AVIARY}",
              X-Escaped: "\\x62irdescaped7c44", X-Dollar: "bird$$dollar8e17" }
            checksum_file: "URL/SUMS?sig=\(Bird.listSignature.rawValue)"
            image: { name: headed, disk_format: raw, container_format: bare }
          - url: URL/plain.raw
            auth: netrc
            image: { name: plain, disk_format: raw, container_format: bare }
          - url: URL/login.raw
            auth: env:AVIARY_LOGIN
            image: { name: login, disk_format: raw, container_format: bare }
        """

    /// Sources that the parser of pipelines refuses.
    static let mistakes = [
        "  - url: http://bird:\(Bird.user.rawValue)@127.0.0.1/x.raw",
        "  - url: URL/x.raw\n    headers: { X-Api-Key: [\(Bird.header.rawValue)] }",
        "  - url: URL/x.raw\n    headers: { \"X Api\": \(Bird.header.rawValue) }",
        "  - url: URL/x.raw\n    headers: { X-Api-Key: \"\(Bird.header.rawValue) }",
        "  - url: URL/x.raw\n    headers: { X-Api-Key: \"\(Bird.header.rawValue)\\q\" }",
        "  - url: URL/x.raw\n    headers: { X-Api-Key: a\n      \(Bird.header.rawValue): }",
        "  - url: URL/x.raw\n    headers: \(Bird.header.rawValue)",
        "  - url: URL/x.raw\n    auth: \(Bird.login.rawValue)",
        "  - url: \"URL/x y.raw?sig=\(Bird.signature.rawValue)\"",
        "  - url: \"ftp://bird:\(Bird.user.rawValue)@h/x\"",
        "  - url: \"http://bird:\(Bird.user.rawValue)/@h/x\"",
        "  - url: URL/x.raw\n    checksum_file: \"http://bird:\(Bird.user.rawValue)@h/SUMS\"",
    ]

    /// Runs a command to its end, and keeps its output beside its files.
    func run(
        _ arguments: [String], _ changes: [String: String] = [:], shell: String = "true",
        expecting status: Int32? = nil
    ) async throws {
        let number = outputs.withLock { count in
            count += 1
            return count
        }
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": folder.path, "XDG_STATE_HOME": folder.path,
            "OS_CLIENT_CONFIG_FILE": folder.file("clouds.yaml"), "AVIARY": Bird.variable.rawValue,
            "AVIARY_LOGIN": "bird:\(Bird.login.rawValue)", "SWIFT_BACKTRACE": "enable=no",
        ].merging(changes) { $1 }
        let process = try StartedProcess(
            shell: "\(shell); exec \"$0\" \"$@\"",
            [StartedProcess.tranship.path] + arguments,
            environment: environment, folder: URL(fileURLWithPath: folder.path),
            output: URL(fileURLWithPath: folder.file("said-\(number).out")),
            talk: URL(fileURLWithPath: folder.file("said-\(number).err")))
        running.withLock { $0 = process.pid }
        let ended = await process.status
        if let status {
            #expect(ended == status)
        } else {
            #expect(ExitStatus(rawValue: ended) != nil, "\(arguments) ends with \(ended)")
        }
    }

    /// Returns the secrets that were found, with their places: files, and the journal's rows, which
    /// are compressed.
    func findings() async throws -> [String] {
        var found: [String] = []
        func look(_ text: String, _ place: String) {
            for secret in Self.sought where text.contains(secret) {
                let context = text.firstRange(of: secret).map { range in
                    let start =
                        text.index(range.lowerBound, offsetBy: -150, limitedBy: text.startIndex)
                        ?? text.startIndex
                    return String(text[start..<range.upperBound])
                }
                found.append("\(secret) in \(place): \(context ?? "")")
            }
        }
        for file in files where !Self.inputs.contains(file) {
            guard let bytes = try? folder.bytes(of: file) else { continue }
            look(String(decoding: bytes, as: UTF8.self), file)
        }
        guard files.contains("journal.sqlite") else { return found }
        let journal = try Journal.openForReading(path: folder.file("journal.sqlite"))
        let rows = try await journal.transfers(run: nil, in: TransferState.allCases, limit: 1000)
        look("\(rows)", "the journal's transfers")
        look("\(try await journal.attempts(of: rows.map(\.id)))", "the journal's tries")
        if let run = try await journal.lastRun() {
            look("\(run) \(try await journal.plan(of: run))", "the journal's run")
        }
        return found
    }
}
