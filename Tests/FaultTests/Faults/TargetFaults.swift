// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel
import TestSupport

extension Fault {
    static let ofTargets: [Fault] = refusals + breaks + lostAnswers + changes + lastSteps

    private static func target(
        _ name: String, ways: [Way] = Way.bodies, keys: String = "", _ end: End,
        next: End = .nothingToDo, source: SourceFault? = nil, _ faults: TargetFault...
    ) -> Fault {
        Fault(
            name: name, side: .target, ways: ways, setting: .target(faults, source: source),
            end: end, next: next, imageKeys: keys)
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
            (400, MigrationError.Code.badRequest), (403, .forbidden), (415, .formatRejected),
            (507, .serviceFailed),
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
                "answers 503 with Retry-After to the record", .done(tries: 1),
                TargetFault(.create) {
                    $0.refuse(503, "busy", afterBytes: .max, headers: [("Retry-After", "1")])
                }),
            target(
                "answers 500 to the record each time",
                .failed(.serviceFailed, .retryableLeft, tries: 3...3), next: .done(),
                TargetFault(.create, times: .max) { $0.refuse(500, "broken", afterBytes: .max) }),
            target(
                "answers 403 to the record", .failed(.forbidden), next: .done(),
                TargetFault(.create) { $0.refuse(403, "not you", afterBytes: .max) }),
            target(
                "answers 401 to a look, as to an old token", .done(),
                TargetFault(.show) { $0.refuse(401, "expired", afterBytes: .max) }),
            target(
                "answers 502 to a look", .done(tries: 0...1),
                TargetFault(.show) { $0.refuse(502, "<html>Bad Gateway</html>") }),
            target(
                "answers a look with something else than JSON", .failed(.invalidAnswer),
                next: .done(),
                TargetFault(.show) { $0.refuse(200, "<html>welcome</html>") }),
        ]

    // MARK: It breaks off

    private static let breaks: [Fault] = [
        target(
            "resets before the first byte of the body", .done(tries: 1),
            TargetFault(.body) { $0.reset(afterBytes: 0) }),
        target(
            "resets in the middle of the body", .done(tries: 1),
            TargetFault(.body) { $0.reset(afterBytes: 300_000) }),
        target(
            "resets before the last byte", .done(tries: 1),
            TargetFault(.body) {
                $0.reset(afterBytes: Int64(FaultScene.data.count - 1))
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
                // Who waits for it would wait for ever.
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
            "creates the record, and the answer is lost", .done(tries: 1),
            TargetFault(.create) { $0.loseAnswer() }),
        target(
            "takes the whole body, and the answer is lost", .done(tries: 1),
            TargetFault(.body) { $0.loseAnswer() }),
        target(
            "takes the whole body and never answers", .done(tries: 1),
            TargetFault(.body) {
                _ = $0.exchange.pass(to: $0.service)
                $0.exchange.hang()
            }),
        target(
            "begins the import, and the answer is lost", ways: [.stage], .done(tries: 1),
            TargetFault(.importing) { $0.loseAnswer() }),
        target(
            "changes the visibility, and the answer is lost",
            keys: ", visibility: community", .done(tries: 1),
            TargetFault(.patch) { $0.loseAnswer() }),
        target(
            "deletes what was given up, and the answer is lost", .failed(.badRequest),
            next: .done(), refusing(400), TargetFault(.delete) { $0.loseAnswer() }),
    ]

    // MARK: Somebody or something changes the image under us

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
            "holds the record busy for a while after a broken body", .done(tries: 1),
            TargetFault(.body) { $0.reset(afterBytes: 300_000) },
            TargetFault(.show, times: 3) { $0.show(with: ["status": "saving"]) }),
        target(
            "makes the record somebody else's after a broken body",
            .failed(.targetConflict, tries: 2...2, left: .other(status: "queued")),
            next: .failed(.targetConflict, left: .other(status: "queued")),
            TargetFault(.body) { passage in
                passage.patch("tranship_origin", "another")
                passage.reset(afterBytes: 0)
            }),
        target(
            "reports another digest than was sent",
            .failed(.verificationMismatch, .verificationMismatch), next: .done(),
            TargetFault(.show, after: 0, times: .max) {
                $0.show(with: ["os_hash_value": .string(String(repeating: "5f", count: 64))])
            }),
    ]

    // MARK: The last steps

    private static let lastSteps: [Fault] = [
        target(
            "refuses the visibility with 403", keys: ", visibility: community",
            End(
                exit: .someFailed, state: .unpublished, code: .unpublished,
                failedTries: 0...0, left: .copy), next: .done(),
            TargetFault(.patch) { $0.refuse(403, "not you", afterBytes: .max) }),
        target(
            "answers 500 to the visibility", keys: ", visibility: community", .done(tries: 1),
            TargetFault(.patch) { $0.refuse(500, "broken", afterBytes: .max) }),
        target(
            "refuses the import with 500", ways: [.stage], .done(tries: 1),
            TargetFault(.importing) { $0.refuse(500, "broken", afterBytes: .max) }),
        target(
            "refuses the import with 409, as another is under way", ways: [.stage], .done(),
            TargetFault(.importing) {
                $0.refuse(409, "Image has active task", afterBytes: .max)
            }),
        target(
            "loses the staged data before the import", ways: [.stage], .done(tries: 0...1),
            TargetFault(.importing) { passage in
                let id = passage.imagePath.split(separator: "/").last ?? ""
                for staging in Beta.stagingFolders {
                    try? FileManager.default.removeItem(atPath: "\(staging)/\(id)")
                }
                passage.pass()
            }),
    ]
}
