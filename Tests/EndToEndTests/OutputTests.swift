// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct OutputTests {
        @Test("with --format json every line of standard output is an object with v and type")
        func jsonLines() async throws {
            try await scene("json") { scene in
                try scene.file("a.raw", bytes: 6 * Sample.mebibyte, seed: 1)
                try scene.file("b.qcow2", bytes: 70_000, seed: 2)
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./a.raw
                        image: { name: "\(scene.prefix) a", disk_format: raw, container_format: bare }
                      - file: ./b.qcow2
                        image: { name: "\(scene.prefix) b", disk_format: qcow2, container_format: bare }
                        inspect: false
                      - file: ./c.raw
                        image: { name: "\(scene.prefix) c", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta }]
                    limits: { bandwidth: 1MiB/s }
                    """)
                let plan = try await scene.tranship("plan", file, "--format", "json")
                expectLines(plan, ["plan-item", "plan-summary"])
                #expect(plan.lines("plan-item").count == 3, plan.said)
                let run = try await scene.tranship("run", file, "--format", "json")
                #expect(run.status == 3, run.said)
                expectLines(run, ["started", "moved", "progress", "ended", "summary"])
                let summary = try #require(run.lines("summary").first)
                #expect(summary["exit_status"]?.integer == 3)
                let ended = run.lines("ended")
                let failed = try #require(ended.first { $0.text("state") == "failed" })
                #expect(failed["error"]?.text("code") == "format-rejected", run.said)
                let status = try await scene.tranship("status", "--format", "json")
                expectLines(status, ["status", "transfer"])
                // Messages go to standard error, and neither stream has a table.
                #expect(!run.output.contains("STATE"))
            }
        }

        @Test("progress is drawn as bars on a terminal, and off it only once a minute")
        func progress() async throws {
            try await scene("progress") { scene in
                let file = try scene.filePipeline(
                    bytes: 7 * Sample.mebibyte, "limits: { bandwidth: 1MiB/s }")
                let lines = try await scene.tranship("run", file)
                #expect(lines.status == 0, lines.said)
                #expect(!lines.talk.contains("\u{1B}"), lines.said)
                // A log has one line of progress a minute, and this run takes seconds.
                #expect(!lines.talk.contains("in flight"), lines.said)

                try await scene.beta.delete(try await scene.beta.only(scene.prefix))
                let terminal = try await RunningCommand(
                    [
                        "-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)",
                        StartedProcess.tranship.path, "run", file, "--journal", scene.journal,
                    ], environment: scene.environment, folder: scene.folder,
                    binary: Lab.python
                ).outcome()
                #expect(terminal.status == 0, terminal.said)
                #expect(terminal.output.contains("[###"), terminal.said)
                #expect(terminal.output.contains(" of 7 MiB"), terminal.said)
                #expect(terminal.output.contains("finished in 0:"), terminal.said)
            }
        }

        @Test("what a terminal would obey is shown, in every screen and in JSON")
        func controls() async throws {
            try await scene("controls") { scene in
                let controls = [
                    "\u{1B}", "\u{07}", "\u{9B}", "\u{202E}", "\u{2028}", "\u{200B}", "\n",
                ]
                let evil =
                    "\u{1B}]52;c;eA==\u{07}\u{9B}2J\u{202E}x\u{2028}y\u{200B}\nplan: 0 to create"
                try await scene.alpha.add("\(scene.prefix) \(evil)", Sample.raw(1000, seed: 1))
                let file = try scene.cloudPipeline(targetKeys: "image: { members: drop }")
                let journal = ["--journal", scene.journal]
                let commands: [[String]] = [
                    ["plan", "-v", file] + journal, ["run", "-v", file] + journal,
                    ["status", "-v"] + journal, ["image", "list", "--cloud", "alpha"],
                ]
                for command in commands {
                    for format in [[], ["--format", "json"]] {
                        let outcome = try await RunningCommand(
                            command + format, environment: scene.environment, folder: scene.folder
                        ).outcome()
                        #expect(outcome.status == 0, outcome.said)
                        let said = outcome.output + outcome.talk
                        for control in controls.dropLast() where said.contains(control) {
                            Issue.record("\(command) \(format) says \(control.debugDescription)")
                        }
                        #expect(said.contains("52;c;eA=="), outcome.said)
                        #expect(
                            !said.split(separator: "\n").contains { $0.hasPrefix("plan: 0") },
                            outcome.said)
                    }
                }
                _ = try await scene.beta.only("\(scene.prefix) \(evil)")
            }
        }

        @Test("an error that ends the command is told on standard error alone")
        func errors() async throws {
            try await scene("jsonerror") { scene in
                let run = try await scene.tranship(
                    "run", try scene.cloudPipeline(source: "nowhere"), "--format", "json")
                #expect(run.status == 7, run.said)
                #expect(run.talk.contains("error: "), run.said)
                expectLines(run, [])
            }
        }

        @Test(
            "a pipeline file that is wrong is one error that says where, and exit 2",
            arguments: [
                ("targets: [{ cloud: beta", "pipeline.yaml:"),
                (
                    "sources: [{ cloud: alpha }]\ntargets: [{ cloud: beta }]\nlimit: { images: 2 }",
                    "limits"
                ),
                (
                    "sources: [{ cloud: alpha }]\ntargets: [{ cloud: beta }]\nlimits: { images: many }",
                    "many"
                ),
                ("sources: [{ cloud: alpha }]\ntargets: [{ cloud: }]", "cloud"),
                (
                    "sources: [{ cloud: alpha, images: { name: *prod } }]\ntargets: [{ cloud: beta }]",
                    "quote"
                ),
                (
                    "sources: [{ file: /etc/hostname, image: { name: {stem}, disk_format: raw } }]\ntargets: [{ cloud: beta }]",
                    "quote"
                ),
                ("sources: []\ntargets: [{ cloud: beta }]", "sources"),
            ])
        func badPipeline(text: String, words: String) async throws {
            try await scene("badfile") { scene in
                let file = try scene.pipeline(text)
                for command in ["plan", "run"] {
                    let outcome = try await scene.tranship(command, file)
                    #expect(outcome.status == 2, outcome.said)
                    #expect(outcome.talk.contains(words), outcome.said)
                    #expect(outcome.talk.contains("pipeline.yaml:"), outcome.said)
                    let errors = outcome.talk.split(separator: "\n").count {
                        // `run` begins each line with the time.
                        $0.hasPrefix("error: ") || $0.contains("Z error: ")
                    }
                    #expect(errors == 1, outcome.said)
                    #expect(!FileManager.default.fileExists(atPath: scene.journal))
                }
            }
        }

        @Test(
            "a wrong command line is exit 2 and shows the usage",
            arguments: [
                ["run"], ["launch"], ["run", "x.yaml", "--fast"], ["run", "missing.yaml"],
            ])
        func usage(arguments: [String]) async throws {
            try await scene("usage") { scene in
                let outcome = await (try scene.start(arguments)).outcome()
                #expect(outcome.status == 2, outcome.said)
                #expect(outcome.output.isEmpty, outcome.said)
                #expect(outcome.talk.lowercased().contains("error"), outcome.said)
            }
        }

        @Test("neither output nor journal ever holds a password, a token or a URL's query")
        func secrets() async throws {
            let planted = "planted-5up3r-s3cr3t"
            let server = try secretiveServer(planted)
            try await scene("secrets") { scene in
                let host = "127.0.0.1:\(server.port)"
                var sources = ""
                for name in ["good", "moved", "gone", "short", "circle", "forbidden"] {
                    sources += """
                          - url: http://\(host)/\(name).img?token=\(planted)-query&second=${MIRROR_TOKEN}
                            auth: env:MIRROR_CREDENTIALS
                            headers: { X-Mirror-Key: "\(planted)-header" }
                            image: { name: "\(scene.prefix) \(name)", disk_format: raw, container_format: bare }

                        """
                }
                let file = try scene.pipeline(
                    """
                    sources:
                    \(sources)
                    targets: [{ cloud: beta }]
                    limits: { attempts: 2 }
                    """)
                let environment = [
                    "MIRROR_CREDENTIALS": "me:\(planted)-credentials",
                    "MIRROR_TOKEN": "\(planted)-environment",
                ]
                var said = ""
                for arguments in [
                    ["plan", file], ["run", file, "-v"], ["run", file, "--format", "json"],
                    ["resume"], ["status", "-v"], ["status", "--format", "json"],
                ] {
                    let outcome = await (try scene.start(arguments, environment: environment))
                        .outcome()
                    said += outcome.output + outcome.talk
                }
                let wrong = try await scene.tranship(
                    "run", try scene.cloudPipeline(source: "alpha-wrong-password"))
                said += wrong.output + wrong.talk
                #expect(try await scene.beta.images(scene.prefix).count == 2, "\(said)")
                // The requests did carry the secrets.
                #expect(server.requests.contains { $0.target.contains("\(planted)-query") })
                #expect(server.requests.contains { $0.target.contains("\(planted)-environment") })
                #expect(server.requests.contains { $0[header: "X-Mirror-Key"] != nil })
                #expect(server.requests.contains { $0[header: "Authorization"] != nil })

                for secret in [planted, "demo-secret", "not-the-password", "gAAAA"] {
                    #expect(!said.contains(secret), "\(said)")
                    for ending in ["", "-wal", ".lock"] {
                        let path = scene.journal + ending
                        guard let bytes = FileManager.default.contents(atPath: path) else {
                            continue
                        }
                        let found = bytes.range(of: Data(secret.utf8)) != nil
                        #expect(!found, "\(secret) in \(path)")
                    }
                }
                let records = try await scene.beta.images(scene.prefix)
                #expect(!"\(records)".contains(planted))
            }
        }

        /// Starts a server that serves images with every answer that could carry a secret into a
        /// message.
        private func secretiveServer(_ planted: String) throws -> RawHTTPServer {
            let data = noise(200_000, seed: 9)
            return try RawHTTPServer { request in
                switch request.path {
                case "/good.img": .status(200, body: data)
                case "/moved.img": .redirect(to: "/good.img?signature=\(planted)-signature")
                case "/gone.img": .status(404, text: "no such file")
                case "/short.img":
                    request.isLook
                        ? .status(200, body: data)
                        : .lying(declaredBytes: 200_000, body: Array(data.prefix(1000)))
                case "/circle.img": .redirect(to: "/circle.img?signature=\(planted)-circle")
                default: .status(403, text: "not for you")
                }
            }
        }

        private func expectLines(
            _ outcome: Outcome, _ types: [String], at location: SourceLocation = #_sourceLocation
        ) {
            for line in outcome.lines {
                #expect(
                    line["v"]?.integer == 1 && line["type"]?.string?.isEmpty == false,
                    "\(line)", sourceLocation: location)
            }
            for type in types {
                #expect(
                    !outcome.lines(type).isEmpty, "no \(type): \(outcome.output)",
                    sourceLocation: location)
            }
        }
    }
}
