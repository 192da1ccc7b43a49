// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct AuthenticationTests {
        struct Entry: Sendable, CustomTestStringConvertible {
            let cloud: String
            let status: Int32
            let words: String
            var testDescription: String { cloud }

            static let all = [
                Entry(cloud: "alpha-wrong-password", status: 7, words: "401"),
                Entry(cloud: "alpha-appcred-expired", status: 7, words: "401"),
                Entry(cloud: "nowhere", status: 7, words: "127.0.0.1:9"),
                Entry(cloud: "not-keystone", status: 7, words: "Keystone"),
                Entry(cloud: "alpha-no-image", status: 7, words: "RegionWithoutImages"),
                Entry(cloud: "alpha-no-region", status: 7, words: "RegionNowhere"),
                Entry(cloud: "alhpa", status: 2, words: "alhpa"),
            ]
        }

        @Test(
            "a cloud that refuses the credentials is one error with a hint, before any work",
            arguments: Entry.all, ["source", "target"])
        func refused(entry: Entry, side: String) async throws {
            try await scene("auth") { scene in
                let file =
                    side == "source"
                    ? try scene.cloudPipeline(source: entry.cloud)
                    : try scene.cloudPipeline(target: entry.cloud)
                for command in ["plan", "run"] {
                    let outcome = try await scene.tranship(command, file)
                    #expect(outcome.status == entry.status, outcome.said)
                    #expect(outcome.talk.contains(entry.words), outcome.said)
                    #expect(outcome.talk.contains(entry.cloud), outcome.said)
                    // `run` begins each line with the time.
                    let lines = outcome.talk.split(separator: "\n").map {
                        $0.split(separator: "Z ", maxSplits: 1).last ?? $0
                    }
                    #expect(lines.count { $0.hasPrefix("error: ") } == 1, outcome.said)
                    #expect(lines.count { $0.hasPrefix("hint: ") } == 1, outcome.said)
                    #expect(!outcome.talk.contains("secret"), outcome.said)
                }
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
            }
        }

        @Test("an application credential does what a password does")
        func applicationCredential() async throws {
            try await scene("appcred") { scene in
                try await scene.alpha.add(scene.prefix, Sample.raw(9000, seed: 4))
                let run = try await scene.tranship(
                    "run",
                    try scene.cloudPipeline(source: "alpha-appcred", target: "beta-appcred"))
                #expect(run.status == 0, run.said)
                Comparison.expectEqual(
                    try await scene.alpha.images(scene.prefix),
                    try await scene.beta.images(scene.prefix), run.said)
            }
        }

        @Test("a table of projects may name the project of an application credential, and no other")
        func boundCredential() async throws {
            try await scene("bound") { scene in
                try await scene.alpha.add(scene.prefix, Sample.raw(9000, seed: 4))
                func pipeline(_ table: String) throws -> String {
                    try scene.pipeline(
                        """
                        sources:
                          - cloud: alpha-appcred
                            images: { name: "\(scene.prefix)*" }
                        targets: [{ cloud: beta-admin }]
                        projects: \(table)
                        """)
                }
                for own in ["demo", try await scene.alpha.projectID, #""*""#] {
                    let plan = try await scene.tranship("plan", try pipeline("{ \(own): team-a }"))
                    #expect(plan.output.contains("1 to create"), plan.said)
                }
                let other = try await scene.tranship("plan", try pipeline("{ other: team-a }"))
                #expect(other.status == 2, other.said)
                #expect(other.talk.contains("cannot be used for project \"other\""), other.said)
            }
        }

        @Test("a run outlives its tokens")
        func tokensExpire() async throws {
            try await scene("tokens") { scene in
                let file = try scene.filesPipeline(
                    3, bytes: Sample.mebibyte, "limits: { images: 1, bandwidth: 300KiB/s }")
                try await Lab.with("token-expiration", "4", of: "beta") {
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 0, run.said)
                    #expect(run.seconds > 8)
                    #expect(!run.talk.contains("401"), run.said)
                }
                #expect(try await scene.beta.images(scene.prefix).count == 3)
            }
        }

        @Test("a certificate of an unknown authority is refused, unless the cloud's entry names it")
        func selfSigned() async throws {
            let server = try await TLSServer()
            try await scene("tls") { scene in
                func clouds(_ more: String) throws -> [String: String] {
                    let file = scene.folder.appendingPathComponent("clouds.yaml")
                    let text = """
                          tls:
                            auth: { auth_url: "https://localhost:\(server.port)/v3", username: u,
                              password: p, project_name: p, user_domain_name: Default,
                              project_domain_name: Default }
                            region_name: RegionOne
                        \(more)
                        """
                    let lab = try String(contentsOfFile: Lab.cloudsFile, encoding: .utf8)
                    try Data("\(lab)\(text)\n".utf8).write(to: file)
                    return ["OS_CLIENT_CONFIG_FILE": file.path]
                }
                let file = try scene.cloudPipeline(target: "tls")
                let refused = try await scene.tranship("run", file, environment: try clouds(""))
                #expect(refused.status == 7, refused.said)
                #expect(refused.talk.contains("certificate"), refused.said)
                #expect(refused.talk.contains("hint: "), refused.said)
                #expect(refused.talk.contains("cacert"), refused.said)

                // The server's certificate is trusted now, but the server is not a Keystone.
                for more in ["    cacert: \(server.certificate)", "    verify: false"] {
                    let trusted = try await scene.tranship(
                        "run", file, environment: try clouds(more))
                    #expect(trusted.status == 7, trusted.said)
                    #expect(trusted.talk.contains("Keystone"), trusted.said)
                    #expect(!trusted.talk.contains("certificate"), trusted.said)
                }
            }
            await server.stop()
        }
    }
}

/// A web server with a certificate that it has signed itself.
private struct TLSServer {
    let port: Int
    let certificate: String
    private let command: RunningCommand
    private let folder: URL

    private static let program = """
        import datetime, http.server, ssl, sys
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - day).not_valid_after(now + day)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(key, hashes.SHA256()))
        with open("tls.pem", "wb") as file:
            file.write(key.private_bytes(serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
            file.write(made.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("tls.pem")
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.send_response(404)
                self.end_headers()
            do_GET = do_POST
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "e2e-tls-\(UUID().uuidString.prefix(6))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let command = try RunningCommand(
            ["-c", Self.program], environment: [:], folder: folder,
            binary: Lab.python)
        let isUp = await eventually(withinSeconds: 30) { command.output.hasSuffix("\n") }
        try #require(isUp, "\(command.talk)")
        port = try #require(Int(command.output.dropLast()))
        certificate = folder.appendingPathComponent("tls.pem").path
        self.command = command
    }

    func stop() async {
        command.signal(SIGKILL)
        _ = await command.outcome()
        try? FileManager.default.removeItem(at: folder)
    }
}
