// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// Reports the outcome of a removal to the caller that requested it. All kinds of targets use this.
extension Removal.Outcome {
    /// Returns the result of a discard: false if there was no record.
    func wasThere() throws(TranshipError) -> Bool {
        switch self {
        case .gone: return false
        case .removed, .toBeFilledAgain: return true
        case .refused(let error), .failed(let error): throw error
        case .removable, .changed: preconditionFailure("a discard is neither dry nor a cleaning")
        }
    }

    /// Records the outcome of a cleaning.
    func settle(_ leftover: inout Leftover) {
        switch self {
        case .removed: leftover.fate = .removed
        case .gone: (leftover.fate, leftover.reason) = (.removed, .goneMeanwhile)
        case .removable: break
        case .changed(let why): (leftover.fate, leftover.reason) = (.keep, why)
        case .failed(let error):
            (leftover.fate, leftover.reason) = (.failed, .removalFailed(message: error.message))
        case .refused, .toBeFilledAgain: preconditionFailure("a cleaning is not a discard")
        }
    }

    /// Records the outcome of a rollback.
    func settle(_ copy: inout UndoneCopy) {
        switch self {
        case .removed: copy.fate = .removed
        case .gone: (copy.fate, copy.reason) = (.gone, .goneMeanwhile)
        case .removable: break
        case .changed(let why): (copy.fate, copy.reason) = (.keep, why)
        case .failed(let error):
            (copy.fate, copy.reason) = (.failed, .removalFailed(message: error.message))
        case .refused, .toBeFilledAgain: preconditionFailure("a rollback is not a discard")
        }
    }
}
