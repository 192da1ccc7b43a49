// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The action of a test at the commits of a journal and of the plan beside it: mostly, it kills the
/// process.
///
/// Commits are counted from 1, in the order in which they are requested.
package final class CommitHook: Sendable {
    package enum Moment: String, Sendable {
        /// Before the commit: the work is done but not committed.
        case before
        /// After the commit: it is written, but the step that it announces has not begun.
        case after
    }

    package typealias Action = @Sendable (Moment, _ commit: Int) -> Void

    private let count = Atomic<Int>(0)
    private let action: Action

    package init(_ action: @escaping Action) {
        self.action = action
    }

    /// Calls the action around a commit.
    func around<Value>(_ commit: () throws -> Value) rethrows -> Value {
        let number = count.add(1, ordering: .relaxed).newValue
        action(.before, number)
        let value = try commit()
        action(.after, number)
        return value
    }
}
