// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// URL sources with faults. None of them may leave anything at the target.
    @Suite struct BrokenSourceTests {
        /// One source, with the exit code and the words of its run.
        struct Fault: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let status: Int32
            let words: [String]
            /// The reply to every request of the run.
            let reply: Reply
            /// The reply to the plan's HEAD; nil if the source is in order while it is planned.
            var head: Reply?
            var isPromised = true
        }

        private static let data = noise(300_000, seed: 5)
        private static let permanent: Int32 = 3
        private static let mayPass: Int32 = 5

        static let faults: [Fault] = [
            Fault(
                testDescription: "declares more than it sends", status: mayPass,
                words: ["300000"],
                reply: .lying(declaredBytes: 300_000, body: Array(data.prefix(200_000)))),
            Fault(
                testDescription: "ends in the middle of its chunks", status: mayPass,
                words: ["/image.img"],
                reply: .chunked(Array(data.prefix(200_000)), isComplete: false)),
            Fault(
                testDescription: "sends fewer chunks than it declared when it was planned",
                status: permanent, words: ["300000", "200000"],
                reply: .chunked(Array(data.prefix(200_000)))),
            Fault(
                testDescription: "sends more than it declared when it was planned",
                status: permanent, words: ["300000", "300001"],
                reply: .status(200, body: data + [1])),
            Fault(
                testDescription: "is not there", status: permanent, words: ["404"],
                reply: .status(404, text: "no such file"), head: .status(404)),
            Fault(
                testDescription: "is there for the plan and gone for the run", status: permanent,
                words: ["404", "no such file"], reply: .status(404, text: "no such file")),
            Fault(
                testDescription: "may not be read", status: permanent, words: ["403"],
                reply: .status(403, text: "not for you"), head: .status(403)),
            Fault(
                testDescription: "fails with 500 each time", status: mayPass,
                words: ["500", "out of order"], reply: .status(500, text: "out of order")),
            Fault(
                testDescription: "is overloaded already when it is planned", status: mayPass,
                words: ["503"], reply: .status(503, text: "too busy"), head: .status(503)),
            Fault(
                testDescription: "is overloaded when it is planned, and nothing is promised",
                status: mayPass, words: ["503"], reply: .status(503, text: "too busy"),
                head: .status(503), isPromised: false),
            Fault(
                testDescription: "redirects in circles", status: permanent, words: ["redirect"],
                reply: .redirect(to: "/image.img"), head: .redirect(to: "/image.img")),
            Fault(
                testDescription: "redirects to a file", status: permanent, words: ["redirect"],
                reply: .redirect(to: "file:///etc/passwd"),
                head: .redirect(to: "file:///etc/passwd")),
            Fault(
                testDescription: "resets the connection", status: mayPass, words: ["/image.img"],
                reply: .resetting(declaredBytes: 300_000, body: Array(data.prefix(200_000)))),
        ]

        @Test("a source that fails is told, and leaves nothing at the target", arguments: faults)
        func fault(_ fault: Fault) async throws {
            let server = try RawHTTPServer { request in
                guard request.isLook else { return fault.reply }
                guard let head = fault.head else { return .status(200, body: Self.data) }
                return request.method == "HEAD" ? head : fault.reply
            }
            try await scene("broken") { scene in
                let promise = try digest(.sha256, of: Self.data)
                let file = try scene.urlPipeline(
                    "\(server.url)/image.img",
                    checksum: fault.isPromised ? promise.description : nil,
                    "limits: { attempts: 2 }")
                let run = try await scene.tranship("run", file)
                #expect(run.status == fault.status, run.said)
                for word in fault.words { #expect(run.talk.contains(word), run.said) }
                #expect(!run.talk.contains("Fatal"), run.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty, run.said)
            }
        }

        @Test("a source that recovers is tried again, and the image arrives")
        func recovers() async throws {
            let server = try RawHTTPServer(scripts: [
                "/image.img": [
                    .status(200, body: Self.data), .status(200, body: Self.data),
                    .status(503, text: "too busy"),
                    .resetting(declaredBytes: Self.data.count, body: Array(Self.data.prefix(9))),
                    .status(200, body: Self.data),
                ]
            ])
            try await scene("recovers") { scene in
                let promise = try digest(.sha256, of: Self.data)
                let run = try await scene.tranship(
                    "run",
                    try scene.urlPipeline(
                        "\(server.url)/image.img", checksum: promise.description))
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(try await scene.beta.data(copy.id) == Self.data)
                #expect(run.talk.contains("try 1 of"), run.said)
            }
        }

        @Test("a source that drops goes on where it dropped, under the same upload")
        func drops() async throws {
            let data = Self.data
            let server = try RawHTTPServer { request in
                Reply { exchange in
                    let range = request[header: "range"]?.dropFirst(6).dropLast()
                    let first = range.flatMap { Int($0) } ?? 0
                    var head = [
                        ("ETag", "\"v1\""), ("Content-Length", "\(data.count - first)"),
                    ]
                    if first > 0 {
                        head.append(
                            ("Content-Range", "bytes \(first)-\(data.count - 1)/\(data.count)"))
                    }
                    exchange.sendHead(first > 0 ? 206 : 200, head)
                    guard request.method != "HEAD" else { return }
                    exchange.send(Array(data[first..<min(data.count, first + 100_000)]))
                    exchange.close()
                }
            }
            try await scene("drops") { scene in
                let promise = try digest(.sha256, of: data)
                let file = try scene.urlPipeline(
                    "\(server.url)/image.img", checksum: promise.description)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(try await scene.beta.data(copy.id) == data)
                #expect(!run.talk.contains("try 1 of"), run.said)
                #expect(run.talk.contains("is opened again there"), run.said)
                #expect(run.talk.contains("resuming saved 293.0 KiB"), run.said)
                let reading = try await scene.transfer()["reading"]
                #expect(reading?["read"] == 300_000)
                #expect(reading?["again"] == 0)
                #expect(reading?["saved"] == 300_000)
                #expect(reading?["reopenings"] == 2)
            }
        }

        @Test("what cannot be reached is not waited for in vain, and may pass")
        func unreachable() async throws {
            let port: UInt16
            do {
                let server = try RawHTTPServer { _ in .status(200) }
                port = server.port
                server.stop()
            }
            try await scene("refused") { scene in
                let file = try scene.urlPipeline(
                    "http://127.0.0.1:\(port)/image.img", "limits: { attempts: 2 }")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 5, run.said)
                #expect(run.talk.contains("127.0.0.1:\(port)"), run.said)
                #expect(run.talk.contains("hint:"), run.said)
            }
        }
    }
}
