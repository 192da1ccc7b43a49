// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

/// The exit status of a run, not the `ExitStatus` of the testing library.
typealias ExitStatus = MigrationModel.ExitStatus

/// One way in which the environment fails, and the expected result of a run.
struct Fault: Sendable, CustomTestStringConvertible {
    enum Side: String, CaseIterable, Sendable {
        case source = "The source"
        case target = "The target"
        case local = "This machine"
    }

    /// The way of the image's data.
    enum Way: String, CaseIterable, Sendable {
        /// `PUT /v2/images/ID/file`
        case upload
        /// `PUT /v2/images/ID/stage`, then the import.
        case stage = "glance-direct"
        /// The data is read into a file first, then as ``upload``.
        case spool
        /// The service reads the URL itself.
        case webDownload = "web-download"
        /// The service reads it from another region.
        case glanceDownload = "glance-download"
        /// As ``upload``, and copied into further stores after the proof.
        case copyImage = "copy-image"

        /// The ways that send a body.
        static let bodies: [Way] = [.upload, .stage]
        /// The ways in which Tranship reads the source.
        static let readings: [Way] = [.upload, .stage, .spool]
        /// The ways with one record at one target.
        static let records: [Way] = [.upload, .stage, .webDownload]
        /// The ways in which the service fetches the data.
        static let fetches: [Way] = [.webDownload, .glanceDownload]
        /// The ways with an import.
        static let imports: [Way] = [.stage, .webDownload, .glanceDownload]
    }

    /// The unique name, which is also the text in the table.
    let name: String
    let side: Side
    var ways: [Way] = Way.bodies
    let setting: Setting
    /// The end of the run with the fault.
    let end: End
    /// The end of the next run, without the fault.
    var next: End = .nothingToDo
    /// The pipeline's own keys for the image, each after a comma.
    var imageKeys = ""
    /// The number of images in the pipeline, which are all alike.
    var images = 1
    var sizeBytes = 600_000
    /// The factor by which the run's clock is faster, for faults with a long wait.
    var pace = 1.0
    /// Words that the next run has to output about the fault.
    var words: String?
    /// A further check at the end.
    var check: @Sendable (FaultScene) -> Void = { _ in }

    var testDescription: String { name }

    /// The broken part, and its fault.
    enum Setting: Sendable {
        case source(SourceFault)
        case target([TargetFault], source: SourceFault? = nil)
        case local(LocalFault)
    }

    /// The end of a run.
    struct End: Sendable, Hashable {
        var exit: ExitStatus
        /// The state of the transfer; nil if the run ended before there was one.
        var state: TransferState?
        /// The code of the image's error, or of the run's.
        var code: TranshipError.Code?
        /// The number of failed tries of the image in that run.
        var failedTries: ClosedRange<Int> = 0...0
        /// The images at the target under the image's name.
        var left: Left
        /// True if nothing is sent: the copy was at the target before.
        var isStill = false

        enum Left: Sendable, Hashable {
            case nothing
            /// Exactly one image, active and with the right bytes.
            case copy
            /// The same, but in these of several stores.
            case partly(stores: [String])
            /// Exactly one image, which has no proved data yet or is not ours.
            case other(status: String)
        }

        /// Returns an end with the image at the target, after the given number of failed tries.
        static func done(tries: ClosedRange<Int> = 0...0) -> End {
            End(exit: .done, state: .done, failedTries: tries, left: .copy)
        }

        static func done(tries: Int) -> End { done(tries: tries...tries) }

        /// Returns an end with a failed transfer, and usually with nothing of the image left.
        static func failed(
            _ code: TranshipError.Code, _ exit: ExitStatus = .someFailed,
            tries: ClosedRange<Int> = 1...1, left: Left = .nothing
        ) -> End {
            End(exit: exit, state: .failed, code: code, failedTries: tries, left: left)
        }

        /// Returns an end of a run by an error of its own.
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
