// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics

extension ImageStatus {
    /// The step after which an image of a source has data, for hints. Only some statuses end by
    /// themselves.
    package var stepToData: String {
        if isBeforeActive { return "wait until it is active" }
        return switch self {
        case .killed: "upload it again at the source: a killed image never becomes active"
        case .pendingDelete, .deleted: "upload it again at the source: this image is being deleted"
        default: "ask the operator of the source what its status means"
        }
    }
}
