// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

/// Not the `ExitStatus` of the testing library.
typealias ExitStatus = MigrationModel.ExitStatus

/// One way in which the world fails, and what a run makes of it.
struct Fault: Sendable, CustomTestStringConvertible {
    enum Side: String, CaseIterable, Sendable {
        case source = "The source"
        case target = "The target"
        case local = "This machine"
    }

    /// What the image's data does on its way.
    enum Way: String, CaseIterable, Sendable {
        /// `PUT /v2/images/ID/file`
        case upload
        /// `PUT /v2/images/ID/stage`, then the import.
        case stage = "glance-direct"
        /// The service reads the URL itself.
        case webDownload = "web-download"

        static let bodies: [Way] = [.upload, .stage]
    }

    /// Unique, and the words of the table.
    let name: String
    let side: Side
    var ways: [Way] = Way.bodies
    let setting: Setting
    /// How the run ends in which it happens.
    let end: End
    /// How the next run ends, in which it does not.
    var next: End = .nothingToDo
    /// The pipeline's own keys for the image, each after a comma.
    var imageKeys = ""

    var testDescription: String { name }

    /// Who breaks, and how.
    enum Setting: Sendable {
        case source(SourceFault)
        case target([TargetFault], source: SourceFault? = nil)
        case local(LocalFault)
    }

    /// How a run ended.
    struct End: Sendable, Hashable {
        var exit: ExitStatus
        /// Nil where the run ended before it could have one.
        var state: TransferState?
        /// The error's code, of the image or of the run.
        var code: MigrationError.Code?
        /// Failed tries of the image in that run.
        var failedTries: ClosedRange<Int> = 0...0
        /// What stands at the target under the image's name.
        var left: Left
        /// Nothing is sent: the copy was there before.
        var isStill = false

        enum Left: Sendable, Hashable {
            case nothing
            /// Exactly one image, active and with the right bytes.
            case copy
            /// Exactly one image, which has no proved data yet or is not ours.
            case other(status: String)
        }

        /// The image arrived, after so many failed tries.
        static func done(tries: ClosedRange<Int> = 0...0) -> End {
            End(exit: .done, state: .done, failedTries: tries, left: .copy)
        }

        static func done(tries: Int) -> End { done(tries: tries...tries) }

        /// The image was given up, and nothing of it is left.
        static func failed(
            _ code: MigrationError.Code, _ exit: ExitStatus = .someFailed,
            tries: ClosedRange<Int> = 1...1, left: Left = .nothing
        ) -> End {
            End(exit: exit, state: .failed, code: code, failedTries: tries, left: left)
        }

        /// The run ended by an error of its own.
        static func ended(
            _ exit: ExitStatus, _ code: MigrationError.Code, state: TransferState? = nil,
            left: Left = .nothing
        ) -> End {
            End(exit: exit, state: state, code: code, left: left)
        }

        /// The copy is known or found, and no body is sent.
        static let nothingToDo = End(
            exit: .done, state: .done, left: .copy, isStill: true)
    }
}
