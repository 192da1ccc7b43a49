// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel

/// Avoids imports that would convert the data. A target that converts on import converts every
/// image of a format. So the first such image of a run decides for the others, which are not
/// staged, imported and discarded one by one.
extension Scheduler {
    /// The images that a target converts in the same way.
    struct Conversion: Hashable, Sendable {
        var targetKey: String
        var diskFormat: String?
        var containerFormat: String?

        init(_ transfer: Transfer) {
            targetKey = transfer.targetKey
            diskFormat = transfer.record.diskFormat
            containerFormat = transfer.record.containerFormat
        }
    }

    func noteConversion(_ transfer: Transfer, _ error: TranshipError) {
        guard error.code == .transformed else { return }
        state.withLock { state in
            let known = state.conversions[Conversion(transfer)]
            state.conversions[Conversion(transfer)] = known ?? error
        }
    }

    /// Returns the transfer with a method that converts nothing, before its data is read.
    ///
    /// - Throws: the error of the first image, if the pipeline file sets the method.
    func avoidingConversion(_ given: Transfer) throws(TranshipError) -> Transfer {
        guard given.state == .planned, given.method.isImport, !given.record.acceptsTransformed,
            let error = state.withLock({ $0.conversions[Conversion(given)] })
        else { return given }
        guard let transfer = given.uploadedInstead(because: error) else {
            throw TranshipError(
                .transformed, "not sent, since another image showed that \(error.message)",
                hint: error.hint)
        }
        return transfer
    }
}

extension Transfer {
    /// Returns the transfer with the method upload, which no service converts, after an import that
    /// did. Nil if the pipeline file sets the method, or if the copy is not ours to discard.
    func uploadedInstead(because error: TranshipError) -> Transfer? {
        let isChosenByUs: Bool =
            switch intent.methodReason {
            case .fillsSeveralStores: true
            default: intent.fallbacks.contains(.upload)
            }
        guard method.isImport, isChosenByUs, !placement.isAdopted else { return nil }
        var copy = self
        copy.remark(.converted(method))
        copy.intent.methodReason = .methodFailed(method, message: error.message)
        copy.intent.method = .upload
        copy.intent.fallbacks = []
        return copy
    }
}
