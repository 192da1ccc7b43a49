// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport

/// The number of failed tries. A source that breaks off may be continued at that byte or read
/// again. Both are right, and differ by one failed try.
private let taken = 0...1

extension Fault {
    static let ofSources: [Fault] =
        breaks + ranges + answers + bodies + fetched + otherRegion

    private static func source(
        _ name: String, ways: [Way] = Way.bodies, _ end: End, next: End = .nothingToDo,
        _ fault: SourceFault
    ) -> Fault {
        Fault(name: name, side: .source, ways: ways, setting: .source(fault), end: end, next: next)
    }

    /// Makes a fault with which the transfer fails. In the next run the source is sound.
    private static func given(
        _ name: String, ways: [Way] = Way.bodies, _ end: End, _ fault: SourceFault
    ) -> Fault {
        source(name, ways: ways, end, next: .done(), fault)
    }

    // MARK: It breaks off

    private static let breaks: [Fault] = [
        source(
            "drops before the first byte", ways: Way.readings, .done(tries: taken),
            SourceFault { reading in
                Reply { exchange in
                    exchange.sendHead(200, reading.head)
                    exchange.close()
                }
            }),
        source(
            "drops in the middle", ways: Way.readings, .done(tries: taken),
            SourceFault { reading in
                .lying(declaredBytes: reading.data.count, body: reading.half)
            }),
        source(
            "drops before the last byte", ways: Way.readings, .done(tries: taken),
            SourceFault { reading in
                .lying(declaredBytes: reading.data.count, body: reading.data.dropLast())
            }),
        source(
            "resets the connection in the middle", ways: Way.readings, .done(tries: taken),
            SourceFault { reading in
                .resetting(declaredBytes: reading.data.count, body: reading.half)
            }),
        given(
            "drops in the middle each time", ways: Way.readings,
            .failed(.sourceTruncated, .retryableLeft, tries: 3...3),
            SourceFault(times: SourceFault.always) { reading in
                .lying(
                    declaredBytes: reading.data.count,
                    body: Array(reading.data.prefix(reading.data.count / 2)))
            }),
        source(
            "ends in the middle of its chunks", ways: Way.readings, .done(tries: taken),
            SourceFault { reading in .chunked(reading.half, isComplete: false) }),
        source(
            "hangs before its answer", ways: Way.readings, .done(tries: 1),
            SourceFault { _ in .hanging() }),
        source(
            "stalls in the middle", ways: Way.readings, .done(tries: taken),
            SourceFault { reading in stalling(reading) }),
        source(
            "cuts TLS in the middle, without a close_notify", ways: Way.readings,
            .done(tries: taken),
            SourceFault(isTLS: true) { reading in
                .lying(declaredBytes: reading.data.count, body: reading.half)
            }),
        // Only TLS itself shows that the body is not complete.
        source(
            "cuts TLS in the middle of a body without a declared length", ways: Way.readings,
            .done(tries: 1),
            SourceFault(isUnpromised: true, hidesLength: true, isTLS: true) { reading in
                unbounded(reading.half)
            }),
        source(
            "drips slowly and never stalls", ways: Way.readings, .done(),
            SourceFault { reading in
                let bytes = Array(reading.data[reading.start...])
                let pieces = stride(from: 0, to: bytes.count, by: 100_000).map {
                    Array(bytes[$0..<min($0 + 100_000, bytes.count)])
                }
                return .dripping(pieces, everyMilliseconds: 700)
            }),
    ]

    /// Replies with half of the data, and then stalls.
    static func stalling(_ reading: FaultySource.Reading) -> Reply {
        Reply { exchange in
            exchange.sendHead(200, reading.head)
            exchange.send(reading.half)
            exchange.hang()
        }
    }

    // MARK: Ranges

    private static func ranged(
        _ name: String, tag: String = "\"one\"",
        _ lie: @escaping @Sendable (FaultySource.Reading) -> Reply?
    ) -> Fault {
        source(
            name, ways: Way.readings, .done(tries: 0...2),
            SourceFault(times: 2, tag: tag) { reading in
                if reading.number == 0 {
                    let head = [("Content-Length", "\(reading.data.count)"), ("ETag", tag)]
                    return Reply { exchange in
                        exchange.sendHead(200, head)
                        exchange.send(reading.half)
                        exchange.close()
                    }
                }
                return reading.isRange ? lie(reading) : nil
            })
    }

    private static let ranges: [Fault] = [
        ranged("drops, then answers a range from a wrong start") { reading in
            let total = reading.data.count
            return .status(
                206,
                headers: [
                    ("ETag", "\"one\""), ("Content-Range", "bytes 0-\(total - 1)/\(total)"),
                ], body: reading.data)
        },
        ranged("drops, then answers a range with 206 and everything") { reading in
            let total = reading.data.count
            return .status(
                206,
                headers: [
                    ("ETag", "\"one\""),
                    ("Content-Range", "bytes \(reading.start)-\(total - 1)/\(total)"),
                ], body: reading.data)
        },
        ranged("drops, then answers a range with 200 and everything") { reading in
            .status(200, headers: [("ETag", "\"one\"")], body: reading.data)
        },
        ranged("drops, then answers a range with 416") { _ in .status(416, text: "no range") },
        ranged("drops, then answers a range with 400") { _ in .status(400, text: "no range") },
        ranged("drops, and its ETag is a weak one", tag: "W/\"one\"") { _ in nil },
        given(
            "drops, and has another ETag after that", ways: Way.readings,
            .failed(.sourceChanged, tries: 1...2),
            SourceFault(times: SourceFault.always, isUnpromised: true) { reading in
                let head = [("Content-Length", "\(reading.data.count)")]
                if reading.number == 0 {
                    return Reply { exchange in
                        exchange.sendHead(200, head + [("ETag", "\"one\"")])
                        exchange.send(reading.half)
                        exchange.close()
                    }
                }
                return .status(200, headers: head + [("ETag", "\"two\"")], body: reading.data)
            }),
    ]

    // MARK: Other answers

    private static let answers: [Fault] =
        [408, 429, 500, 502, 503, 504].map { status in
            source(
                "answers \(status) once", .done(tries: 1),
                SourceFault { _ in .status(status, text: "later") })
        } + [
            source(
                "answers 429 with Retry-After", .done(tries: 1),
                SourceFault { _ in
                    .status(429, headers: [("Retry-After", "1")], text: "too many")
                }),
            given(
                "answers 503 each time", .failed(.serviceFailed, .retryableLeft, tries: 3...3),
                SourceFault(times: SourceFault.always) { _ in .status(503, text: "closed") }),
            given(
                "answers 401", .failed(.sourceUnavailable),
                SourceFault { _ in .status(401, text: "who are you") }),
            given(
                "answers 403", .failed(.sourceUnavailable),
                SourceFault { _ in .status(403, text: "not for you") }),
            given(
                "answers 404", .failed(.sourceUnavailable),
                SourceFault(times: SourceFault.always) { _ in
                    .status(404, text: "no such file")
                }),
            source(
                "answers 404 once, as one mirror of a pool", .done(),
                SourceFault { _ in .status(404, text: "no such file") }),
            given(
                "answers 410", .failed(.sourceUnavailable),
                SourceFault { _ in .status(410, text: "no more") }),
            source(
                "redirects to another host, which gets no credentials", .done(),
                SourceFault(keys: "headers: { Authorization: Bearer abc }") { reading in
                    .redirect(to: "\(reading.elsewhere)/image.img")
                }),
            given(
                "redirects in circles", .failed(.badRedirect),
                SourceFault(times: SourceFault.always) { _ in .redirect(to: "/image.img") }),
            given(
                "speaks something that is not HTTP", .failed(.invalidAnswer),
                SourceFault { _ in
                    Reply { exchange in
                        exchange.send("SSH-2.0-OpenSSH_9.2\r\n")
                        exchange.close()
                    }
                }),
            source(
                "sends a head of 400 KiB", .done(tries: 1),
                SourceFault { _ in
                    .status(
                        200,
                        headers: (0..<100).map {
                            ("X-Pad-\($0)", String(repeating: "x", count: 4096))
                        })
                }),
        ]

    // MARK: Other bytes

    private static let bodies: [Fault] = [
        source(
            "sends a chunk whose size is not a number", ways: Way.readings, .done(tries: taken),
            SourceFault { reading in
                Reply { exchange in
                    exchange.sendHead(200, [("Transfer-Encoding", "chunked")])
                    exchange.send("64\r\n")
                    exchange.send(Array(reading.data.prefix(100)))
                    exchange.send("\r\nzz\r\nmore\r\n")
                    exchange.close()
                }
            }),
        source(
            "sends fewer bytes than it announced, in good order", ways: Way.readings,
            .done(tries: 1),
            SourceFault { reading in .chunked(reading.half) }),
        source(
            "sends more bytes than it announced", ways: Way.readings, .done(tries: 1),
            SourceFault { reading in .status(200, body: reading.data + [1, 2, 3]) }),
        source(
            "sends nothing", ways: Way.readings, .done(tries: 1),
            SourceFault { _ in .status(200) }),
        source(
            "sends other bytes of the same number", ways: Way.readings,
            .done(tries: 1),
            SourceFault { reading in
                .status(200, body: reading.data.dropLast() + [reading.data[0] &+ 1])
            }),
        given(
            "sends other bytes of the same number each time", ways: Way.readings,
            .failed(.checksumMismatch, .verificationMismatch, tries: 3...3),
            SourceFault(times: SourceFault.always) { reading in
                .status(200, body: reading.data.dropLast() + [reading.data[0] &+ 1])
            }),
        given(
            "sends fewer bytes than it announced each time, in good order", ways: Way.readings,
            .failed(.sourceTruncated, tries: 3...3),
            SourceFault(times: SourceFault.always) { reading in .chunked(reading.half) }),
        given(
            "is compressed by a proxy on the way", ways: Way.readings, .failed(.invalidAnswer),
            SourceFault { reading in
                .status(
                    200, headers: [("Content-Encoding", "gzip")],
                    body: [0x1f, 0x8b, 8, 0] + reading.data.prefix(5000))
            }),
        source(
            "ends in the middle, without a length, though HEAD declared one", ways: Way.readings,
            .done(tries: 1),
            SourceFault { reading in unbounded(reading.half) }),
        source(
            "ends in the middle, without a length and unpromised, though HEAD declared one",
            ways: Way.readings, .done(tries: 1),
            SourceFault(isUnpromised: true) { reading in unbounded(reading.half) }),
        source(
            "ends in the middle, without a declared length", ways: Way.readings,
            .done(tries: 1),
            SourceFault(hidesLength: true) { reading in unbounded(reading.half) }),
    ]

    /// Replies with a body that ends with the connection, in any way.
    private static func unbounded(_ body: [UInt8]) -> Reply {
        Reply { exchange in
            exchange.sendHead(200, [("Connection", "close")])
            exchange.send(body)
            exchange.close()
        }
    }

    // MARK: The service fetches it

    /// Makes a fault in the data that the service fetches; our own requests only look at the head.
    private static func fetched(
        _ name: String, _ end: End, next: End = .done(), pace: Double = 1, _ fault: SourceFault
    ) -> Fault {
        var one = source("\(name), to the service", ways: [.webDownload], end, next: next, fault)
        one.pace = pace
        return one
    }

    private static let wrongBytes = End.failed(.verificationMismatch, .verificationMismatch)

    private static let fetched: [Fault] =
        [401, 403, 404, 410, 500, 503].map { status in
            fetched(
                "answers \(status)", .failed(.importFailed),
                SourceFault { _ in .status(status, text: "not for you") })
        } + [
            fetched(
                "redirects to a port where nothing listens", .failed(.importFailed),
                SourceFault { _ in .redirect(to: "http://127.0.0.1:9/image.img") }),
            fetched(
                "redirects to another host", .done(), next: .nothingToDo,
                SourceFault { reading in .redirect(to: "\(reading.elsewhere)/image.img") }),
            fetched(
                "redirects in circles", .failed(.importFailed),
                SourceFault(times: SourceFault.always) { reading in
                    .redirect(to: reading.request.path)
                }),
            fetched(
                "speaks something that is not HTTP", .failed(.importFailed),
                SourceFault { _ in
                    Reply { exchange in
                        exchange.send("SSH-2.0-OpenSSH_9.2\r\n")
                        exchange.close()
                    }
                }),
            fetched(
                "drops before the first byte", .failed(.importFailed),
                SourceFault { reading in
                    Reply { exchange in
                        exchange.sendHead(200, reading.head)
                        exchange.close()
                    }
                }),
            fetched(
                "drops in the middle", .failed(.importFailed),
                SourceFault { reading in
                    .lying(declaredBytes: reading.data.count, body: reading.half)
                }),
            fetched(
                "resets the connection in the middle", .failed(.importFailed),
                SourceFault { reading in
                    .resetting(declaredBytes: reading.data.count, body: reading.half)
                }),
            fetched(
                "ends in the middle of its chunks", .failed(.importFailed),
                SourceFault { reading in .chunked(reading.half, isComplete: false) }),
            // The service waits without an end, and Tranship for ten minutes.
            fetched(
                "hangs before its answer", .failed(.importTimedOut), pace: 120,
                SourceFault { _ in .hanging() }),
            fetched(
                "stalls in the middle", .failed(.importTimedOut), pace: 120,
                SourceFault { reading in stalling(reading) }),
            fetched(
                "drips slowly and never stalls", .done(), next: .nothingToDo,
                SourceFault { reading in
                    let third = reading.data.count / 3
                    let pieces = (0..<3).map {
                        Array(reading.data[($0 * third)..<(($0 + 1) * third)])
                    }
                    return .dripping(pieces, everyMilliseconds: 700)
                }),
            fetched(
                "ends in the middle, without a length", wrongBytes,
                SourceFault { reading in unbounded(reading.half) }),
            fetched(
                "sends fewer bytes than it announced, in good order", wrongBytes,
                SourceFault { reading in .chunked(reading.half) }),
            fetched(
                "sends more bytes than it announced", wrongBytes,
                SourceFault { reading in .status(200, body: reading.data + [1, 2, 3]) }),
            fetched("sends nothing", wrongBytes, SourceFault { _ in .status(200) }),
            fetched(
                "sends other bytes of the same number", wrongBytes,
                SourceFault { reading in
                    .status(200, body: reading.data.dropLast() + [reading.data[0] &+ 1])
                }),
            fetched(
                "is compressed by a proxy on the way", wrongBytes,
                SourceFault { reading in
                    .status(
                        200, headers: [("Content-Encoding", "gzip")],
                        body: [0x1f, 0x8b, 8, 0] + reading.data.prefix(5000))
                }),
        ]

    // MARK: Another region

    private static let otherRegion: [Fault] = [
        Fault(
            name: "has lost the image's data", side: .source, ways: [.glanceDownload],
            setting: .local(
                LocalFault(
                    run: { scene in
                        try await scene.moveSource(to: ".away")
                        return try await scene.run()
                    }, repair: { scene in try await scene.moveSource(from: ".away") })),
            end: .failed(.importFailed), next: .done())
    ]
}
