// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
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
        /// Read into a file first, then as ``upload``.
        case spool
        /// The service reads the URL itself.
        case webDownload = "web-download"
        /// The service reads it from another region.
        case glanceDownload = "glance-download"
        /// As ``upload``, and copied into further stores when it is proved.
        case copyImage = "copy-image"

        /// Those that send a body.
        static let bodies: [Way] = [.upload, .stage]
        /// Those that read the source themselves.
        static let readings: [Way] = [.upload, .stage, .spool]
        /// Those of one record at one target.
        static let records: [Way] = [.upload, .stage, .webDownload]
        /// Those in which the service fetches the data.
        static let fetches: [Way] = [.webDownload, .glanceDownload]
        /// Those with an import.
        static let imports: [Way] = [.stage, .webDownload, .glanceDownload]
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
    /// Images of the pipeline, all alike.
    var images = 1
    var sizeBytes = 600_000
    /// How many times as fast the run's clock goes, where it has to wait long.
    var pace = 1.0
    /// What the next run says of it.
    var words: String?
    /// What else has to be so in the end.
    var check: @Sendable (FaultScene) -> Void = { _ in }

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
        var code: TranshipError.Code?
        /// Failed tries of the image in that run.
        var failedTries: ClosedRange<Int> = 0...0
        /// The images at the target under the image's name.
        var left: Left
        /// Nothing is sent: the copy was there before.
        var isStill = false

        enum Left: Sendable, Hashable {
            case nothing
            /// Exactly one image, active and with the right bytes.
            case copy
            /// The same, in these of several stores.
            case partly(stores: [String])
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
            _ code: TranshipError.Code, _ exit: ExitStatus = .someFailed,
            tries: ClosedRange<Int> = 1...1, left: Left = .nothing
        ) -> End {
            End(exit: exit, state: .failed, code: code, failedTries: tries, left: left)
        }

        /// The run ended by an error of its own.
        static func ended(
            _ exit: ExitStatus, _ code: TranshipError.Code, state: TransferState? = nil,
            left: Left = .nothing
        ) -> End {
            End(exit: exit, state: state, code: code, left: left)
        }

        /// The copy is known or found, and no body is sent.
        static let nothingToDo = End(
            exit: .done, state: .done, left: .copy, isStill: true)
    }
}
