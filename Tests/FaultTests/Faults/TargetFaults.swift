// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport

extension Fault {
    static let ofTargets: [Fault] =
        refusals + fullStores + breaks + lostAnswers + changes + imports + copies + lastSteps

    private static func target(
        _ name: String, ways: [Way] = Way.bodies, keys: String = "", pace: Double = 1, _ end: End,
        next: End = .nothingToDo, source: SourceFault? = nil, _ faults: TargetFault...
    ) -> Fault {
        Fault(
            name: name, side: .target, ways: ways, setting: .target(faults, source: source),
            end: end, next: next, imageKeys: keys, pace: pace)
    }

    private static func refusing(_ status: Int, _ text: String = "not now") -> TargetFault {
        TargetFault(.body) { $0.refuse(status, text) }
    }

    // MARK: It refuses

    private static let refusals: [Fault] =
        [500, 502, 503, 504, 408, 429].map { status in
            target(
                "answers \(status) before it reads the body", .done(tries: 1), refusing(status))
        }
        + [
            target(
                "answers 401 before it reads the body", .done(tries: 1), refusing(401)),
            target(
                "answers 401 in the middle of the body", .done(tries: 1),
                TargetFault(.body) { $0.refuse(401, "expired", afterBytes: 300_000) }),
        ]
        + [404, 409, 410].map { status in
            target(
                "answers \(status) before it reads the body", .done(tries: 1), refusing(status))
        }
        + [
            (400, TranshipError.Code.badRequest), (403, .forbidden), (415, .formatRejected),
            (505, .serviceFailed),
        ].map { status, code in
            target(
                "answers \(status) before it reads the body", .failed(code), next: .done(),
                refusing(status))
        }
        + [
            target(
                "answers 413: this image is too large", .failed(.quotaExceeded), next: .done(),
                refusing(413, "Image exceeds the storage")),
            target(
                "answers 413: the project's quota is full",
                .failed(.quotaExceeded, .limitReached), next: .done(),
                refusing(413, "Denying attempt to upload image because it exceeds the quota")),
            target(
                "answers 503 with Retry-After to the record", ways: Way.records, .done(tries: 1),
                TargetFault(.create) {
                    $0.refuse(503, "busy", afterBytes: .max, headers: [("Retry-After", "1")])
                }),
            target(
                "answers 500 to the record each time", ways: Way.records,
                .failed(.serviceFailed, .retryableLeft, tries: 3...3), next: .done(),
                TargetFault(.create, times: .max) { $0.refuse(500, "broken", afterBytes: .max) }),
            target(
                "answers 403 to the record", ways: Way.records, .failed(.forbidden), next: .done(),
                TargetFault(.create) { $0.refuse(403, "not you", afterBytes: .max) }),
            target(
                "answers 401 to a look, as to an old token", ways: Way.records, .done(),
                TargetFault(.show) { $0.refuse(401, "expired", afterBytes: .max) }),
            target(
                "answers 502 to a look", ways: Way.records, .done(tries: 0...1),
                TargetFault(.show) { $0.refuse(502, "<html>Bad Gateway</html>") }),
            target(
                "answers a look with something else than JSON", ways: Way.records,
                .failed(.invalidAnswer),
                next: .done(),
                TargetFault(.show) { $0.refuse(200, "<html>welcome</html>") }),
        ]

    // MARK: It is full

    /// Makes the fault of a full disk, with the service's own reaction.
    private static func full(_ name: String, ways: [Way], _ end: End) -> Fault {
        Fault(
            name: name, side: .target, ways: ways,
            setting: .local(
                LocalFault { scene in try await FullDisk.beta.run(scene) }),
            end: end, next: .done(), sizeBytes: 32 << 20)
    }

    private static let fullStores: [Fault] = [
        full(
            "has no room left in its store", ways: Way.bodies + [.spool],
            .failed(.quotaExceeded, .limitReached)),
        full(
            "has no room left in its store for what it fetches", ways: [.webDownload],
            .failed(.importFailed)),
    ]

    // MARK: It breaks off

    private static let breaks: [Fault] = [
        target(
            "resets before the first byte of the body", .done(tries: 1),
            TargetFault(.body) { $0.reset(afterBytes: 0) }),
        target(
            "resets in the middle of the body", ways: Way.bodies + [.spool], .done(tries: 1),
            TargetFault(.body) { $0.reset(afterBytes: 300_000) }),
        target(
            "resets before the last byte", .done(tries: 1),
            TargetFault(.body) {
                $0.reset(afterBytes: 600_000 - 1)
            }),
        target(
            "stops reading in the middle of the body", .done(tries: 1),
            TargetFault(.body) {
                _ = $0.exchange.pass(to: $0.service, bodyBytes: 300_000)
                $0.exchange.hang()
            }),
        target(
            "reads slowly, and stalls nowhere", .done(),
            TargetFault(.body) { passage in
                let answer = passage.exchange.pass(to: passage.service) { passed in
                    if passed < 400_000 { usleep(150_000) }
                }
                if let answer { passage.exchange.answer(answer) }
            }),
        target(
            "never sends 100-continue", .done(),
            TargetFault(.body) { passage in
                // A client that waits for 100-continue would wait without an end.
                if passage.exchange.request[header: "expect"] != nil {
                    return passage.exchange.hang()
                }
                passage.pass()
            }),
        target(
            "resets in the middle of the body each time",
            .failed(.connectionLost, .retryableLeft, tries: 3...3), next: .done(),
            TargetFault(.body, times: .max) { $0.reset(afterBytes: 300_000) }),
    ]

    // MARK: It does it, and the answer is lost

    private static let lostAnswers: [Fault] = [
        target(
            "creates the record, and the answer is lost", ways: Way.records + [.glanceDownload],
            .done(tries: 0...1),
            TargetFault(.create) { $0.loseAnswer() }),
        // For 75 looks, staged data looks like a body that is still arriving.
        target(
            "takes the whole body, and the answer is lost", ways: Way.bodies + [.spool], pace: 10,
            .done(tries: 1),
            TargetFault(.body) { $0.loseAnswer() }),
        target(
            "takes the whole body and never answers", pace: 10, .done(tries: 1),
            TargetFault(.body) {
                _ = $0.exchange.pass(to: $0.service)
                $0.exchange.hang()
            }),
        target(
            "begins the import, and the answer is lost", ways: Way.imports, .done(tries: 1),
            TargetFault(.importing) { $0.loseAnswer() }),
        target(
            "changes the visibility, and the answer is lost", ways: Way.records,
            keys: ", visibility: community", .done(tries: 0...1),
            TargetFault(.patch) { $0.loseAnswer() }),
        target(
            "deletes what was given up, and the answer is lost", .failed(.badRequest),
            next: .done(), refusing(400), TargetFault(.delete) { $0.loseAnswer() }),
    ]

    // MARK: Another client changes the image

    private static let changes: [Fault] = [
        target(
            "deletes the image while its body arrives", .done(tries: 1),
            TargetFault(.body) { passage in passage.pass { passage.deleteImage() } }),
        target(
            "deletes the image before it is compared", .done(tries: 0...1),
            TargetFault(.body) { passage in
                guard let answer = passage.exchange.pass(to: passage.service) else { return }
                passage.deleteImage()
                passage.exchange.answer(answer)
            }),
        target(
            "holds the record busy for a while after a broken body", ways: Way.bodies + [.spool],
            .done(tries: 1),
            TargetFault(.body) { $0.reset(afterBytes: 300_000) },
            TargetFault(.show, times: 3) { $0.show(with: ["status": "saving"]) }),
        // The service still waits for the rest, so its record is really busy.
        target(
            "holds the record busy for ever after a broken body", ways: Way.bodies + [.spool],
            pace: 20, .done(tries: 1...2),
            TargetFault(.body) { $0.hold(afterBytes: 300_000) }),
        target(
            "gives the record to another project after a broken body",
            .failed(.targetConflict, tries: 2...2, left: .other(status: "queued")),
            next: .failed(.targetConflict, left: .other(status: "queued")),
            TargetFault(.body) { passage in
                passage.patch("tranship_origin", "another")
                passage.reset(afterBytes: 0)
            }),
        target(
            "reports another digest than was sent", ways: Way.records,
            .failed(.verificationMismatch, .verificationMismatch), next: .done(),
            TargetFault(.show, after: 0, times: .max) {
                $0.show(with: ["os_hash_value": .string(String(repeating: "5f", count: 64))])
            }),
    ]

    // MARK: It imports

    private static let imports: [Fault] = [
        target(
            "refuses the import with 500", ways: Way.imports, .done(tries: 1),
            TargetFault(.importing) { $0.refuse(500, "broken", afterBytes: .max) }),
        target(
            "refuses the import with 500 each time", ways: Way.imports,
            .failed(.serviceFailed, .retryableLeft, tries: 3...3), next: .done(),
            TargetFault(.importing, times: .max) { $0.refuse(500, "broken", afterBytes: .max) }),
        target(
            "refuses the import with 400 each time", ways: Way.imports,
            .failed(.importFailed, tries: 1...2), next: .done(),
            TargetFault(.importing, times: .max) { $0.refuse(400, "no", afterBytes: .max) }),
        target(
            "refuses the import with 409, as another is under way", ways: Way.imports, .done(),
            TargetFault(.importing) {
                $0.refuse(409, "Image has active task", afterBytes: .max)
            }),
        // For a minute, the import leaves no trace.
        target(
            "accepts the import of what it is to fetch and never begins it", ways: Way.fetches,
            pace: 20, .failed(.importFailed), next: .done(),
            TargetFault(.importing) { $0.refuse(202, "", afterBytes: .max) }),
        // Takes ten minutes: staged data looks the same before and after.
        target(
            "accepts the import of what is staged and never begins it", ways: [.stage], pace: 120,
            .done(tries: 1),
            TargetFault(.importing) { $0.refuse(202, "", afterBytes: .max) }),
        target(
            "answers 502 to the look at the import's tasks", ways: Way.imports, .done(tries: 0...1),
            TargetFault(.tasks) { $0.refuse(502, "<html>Bad Gateway</html>") }),
        target(
            "deletes the image before its import", ways: Way.imports, .done(tries: 1),
            TargetFault(.importing) { passage in
                passage.deleteImage()
                passage.pass()
            }),
        target(
            "deletes the image during its import", ways: [.webDownload], .done(tries: 1),
            source: SourceFault { reading in stalling(reading) },
            TargetFault(.importing) { passage in
                passage.passUntilRead()
                passage.deleteImage()
            }),
        target(
            "loses the staged data before the import", ways: [.stage], .done(tries: 0...1),
            TargetFault(.importing) { passage in
                try? FileManager.default.removeItem(
                    atPath: "\(passage.folder)/staging/\(passage.imageID)")
                passage.pass()
            }),
    ]

    // MARK: It copies into further stores

    private static func copying(
        _ name: String, _ end: End, next: End = .nothingToDo, _ faults: TargetFault...
    ) -> Fault {
        Fault(
            name: name, side: .target, ways: [.copyImage], setting: .target(faults), end: end,
            next: next)
    }

    private static let copies: [Fault] = [
        copying(
            "refuses the copy into further stores with 500", .done(tries: 1),
            TargetFault(.importing) { $0.refuse(500, "broken", afterBytes: .max) }),
        copying(
            "begins the copy into further stores, and the answer is lost", .done(tries: 1),
            TargetFault(.importing) { $0.loseAnswer() }),
        copying(
            "refuses the copy into further stores with 403", partly, next: .done(),
            TargetFault(.importing) { $0.refuse(403, "not you", afterBytes: .max) }),
        copying(
            "cannot write into a further store", partly, next: .done(),
            TargetFault(.importing) { $0.blockStore("slow") }),
        copying(
            "deletes the image before it is copied", .done(tries: 1),
            TargetFault(.importing) { passage in
                passage.deleteImage()
                passage.pass()
            }),
    ]

    /// The copy is proved, private, and in one of the stores.
    private static let partly = End(
        exit: .someFailed, state: .unpublished, code: .unpublished,
        left: .partly(stores: ["fast"]))

    // MARK: The last steps

    private static let lastSteps: [Fault] = [
        target(
            "refuses the visibility with 403", ways: Way.records, keys: ", visibility: community",
            End(
                exit: .someFailed, state: .unpublished, code: .unpublished,
                failedTries: 0...0, left: .copy), next: .done(),
            TargetFault(.patch) { $0.refuse(403, "not you", afterBytes: .max) }),
        target(
            "answers 500 to the visibility", ways: Way.records, keys: ", visibility: community",
            .done(tries: 1),
            TargetFault(.patch) { $0.refuse(500, "broken", afterBytes: .max) }),
    ]
}
