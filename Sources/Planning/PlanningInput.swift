// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel
public import MigrationPipeline
public import PipelineFiles

/// A target of the pipeline with the rules that its entry states.
public struct PlanningTarget: Sendable {
    public var rules: TargetRules
    public var opened: OpenedTarget
    public var verification: VerificationMode
    /// By the pipeline's `projects`; nil without it.
    public var route: ProjectRoute?

    public init(
        _ opened: OpenedTarget, rules: TargetRules, verification: VerificationMode = .proof
    ) {
        self.opened = opened
        self.rules = rules
        self.verification = verification
    }

    /// Stores that an image is put into.
    var storeCount: Int64 {
        switch rules.stores {
        case .standard: 1
        case .named(let names): Int64(names.count)
        case .all: Int64(max(1, opened.offer.writableStores.count))
        }
    }
}
