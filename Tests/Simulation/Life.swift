// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// One process that works on the pipeline, from its start to its end or death.
///
/// A dead process still has tasks, which end one by one. None of their effects reaches the journal
/// or a service any more.
///
/// `@unchecked Sendable`: only the thread of its timeline touches it.
final class Life: @unchecked Sendable {
    private(set) var isDead = false
    /// The number of further steps before the process dies; nil if it does not die.
    private var stepsLeft: Int?
    private let onDeath: () -> Void

    init(stepsLeft: Int?, onDeath: @escaping () -> Void) {
        self.stepsLeft = stepsLeft
        self.onDeath = onDeath
    }

    /// Marks a moment at which the process may die: before and after every effect that others can
    /// see.
    func step() throws(TranshipError) {
        try check()
        guard let left = stepsLeft else { return }
        if left == 0 {
            die()
            throw Self.gone
        }
        stepsLeft = left - 1
    }

    func check() throws(TranshipError) {
        if isDead { throw Self.gone }
    }

    func die() {
        guard !isDead else { return }
        isDead = true
        onDeath()
    }

    /// Ends the process after its work is done: the remaining tasks have no effect either.
    func end() { isDead = true }

    private static var gone: TranshipError {
        TranshipError(.interrupted, "the process is dead", isTransient: true)
    }
}
