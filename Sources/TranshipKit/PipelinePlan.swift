// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
package import MigrationJournal
public import MigrationModel
internal import PipelineFiles

/// The plan of a run.
///
/// The items are in a file beside the journal, so memory does not grow with their number. The file
/// exists until the plan is carried out or this object is freed.
public final class PipelinePlan: Sendable {
    /// The number of images that the plan creates, updates, skips and refuses.
    public let tallies: [Tally<PlanAction>]
    /// The images and bytes that the run has to create or update.
    public let work: (images: Int, sizeBytes: Int64)
    /// The changes of earlier versions of series, in order.
    public let changes: [Change]
    /// The quotas of the targets that have too little room. ``PipelineRun/carryOut(_:)`` refuses to
    /// begin with these.
    public let shortfalls: [TranshipError]
    /// The names in the pipeline that no image has, unless the pipeline allows that.
    public let missed: [MissedSelection]
    /// The images of the source clouds that the pipeline does not select. A cloud does not list
    /// hidden images unless `hidden` asks for them, and with `owner: self` it lists no images of
    /// other projects.
    public let unselected: UnselectedImages
    /// The sources and targets that the plan had to do without, sources first.
    public let absences: [Absence]
    /// The names of the projects in the plan: those of its images and copies, of their members, and
    /// of its refusals.
    public let projects: ProjectWords
    /// True for the rest of a run that an earlier process planned. It has no items.
    public let isResumed: Bool

    /// The bandwidth that the pipeline file allows for all transfers together.
    public let bandwidth: BandwidthSchedule

    /// The number of targets that answered.
    public var targetCount: Int { opened?.targets.count ?? 1 }

    let run: Run?
    let opened: OpenedPipeline?
    private let pipelineName: String
    private let settings: [String: String]
    /// The lines of `projects`; nil without a table.
    private let projectTable: [String: String]?
    private let made: Guarded<Plan?>
    private static let pageImages = 100

    init(
        _ plan: Plan, pipelineName: String, settings: [String: String] = [:],
        bandwidth: BandwidthSchedule = .init(), run: Run? = nil,
        _ opened: OpenedPipeline? = nil, shortfalls: [TranshipError] = [],
        missed: [MissedSelection] = [], unselected: UnselectedImages = UnselectedImages(),
        absences: [Absence] = [], projects: ProjectWords = ProjectWords(),
        projectTable: [String: String]? = nil
    ) async throws(TranshipError) {
        tallies = try await plan.tally()
        changes = try await plan.changes()
        work = Self.sum(tallies) { $0 == .create || $0 == .update }
        made = Guarded(plan)
        self.pipelineName = pipelineName
        self.settings = settings
        self.projectTable = projectTable
        self.bandwidth = bandwidth
        self.run = run
        self.opened = opened
        self.shortfalls = shortfalls
        self.missed = missed
        self.unselected = unselected
        self.absences = absences
        self.projects = projects
        isResumed = false
    }

    init(
        restOf run: Run, in journal: Journal, bandwidth: BandwidthSchedule,
        _ opened: OpenedPipeline
    ) async throws(TranshipError) {
        tallies = try await journal.plan(of: run).tallies
        work = Self.sum(try await journal.tally(run: run)) { !$0.isFinal }
        changes = try await journal.changes(of: run, in: [.planned])
        made = Guarded(nil)
        pipelineName = run.pipelineName
        settings = [:]
        projectTable = nil
        self.bandwidth = bandwidth
        self.run = run
        self.opened = opened
        shortfalls = []
        missed = []
        unselected = UnselectedImages()
        absences = try await journal.absences(of: run)
        projects = ProjectWords(try await journal.projectNames())
        isResumed = true
    }

    private static func sum<Kind>(
        _ tallies: [Tally<Kind>], _ counts: (Kind) -> Bool
    ) -> (images: Int, sizeBytes: Int64) {
        tallies.filter { counts($0.kind) }.reduce((0, 0)) {
            ($0.0 + $1.images, $0.1.clampedSum($1.sizeBytes))
        }
    }

    /// The plan's file beside the journal; nil after the plan was carried out.
    package var inJournal: Plan? { made.withLock { $0 } }

    /// Hands over the plan, so that another process can plan while the run works.
    func take() -> Plan? { made.withLock { $0.take() } }

    /// Hands over the items in the plan's order, page by page; none after the plan was carried out.
    ///
    /// - Throws: ``TranshipError/Code/journalFailed``, and the errors of `page`.
    public func items(
        _ actions: [PlanAction] = PlanAction.allCases,
        page: ([PlanItem]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var position: Int64 = 0
        while let found = try await inJournal?.items(
            after: position, limit: Self.pageImages, actions: actions), let last = found.last
        {
            position = last.position
            try await page(found.map(\.item))
        }
    }

    /// Returns the plan in the form of a file, for ``SavedPlan/write(to:)`` and for comparing it
    /// with another plan.
    public func saved() async throws(TranshipError) -> SavedPlan {
        var saved = SavedPlan(
            version: SavedPlan.formatVersion, pipeline: pipelineName, settings: settings,
            entries: [])
        saved.projects = projectTable
        let names = projects.planNames
        saved.projectNames = names.isEmpty ? nil : names
        var members: [String: [String: String]] = [:]
        saved.absent = absences.isEmpty ? nil : absences.map(\.label).sorted()
        try await items { (page) throws(TranshipError) in
            for item in page {
                let record = (item.start?.intent ?? item.intent).record
                if case .map(let table) = record.members, members[item.targetKey] == nil {
                    members[item.targetKey] = table
                }
                saved.entries.append(SavedPlan.Entry(item, members: members[item.targetKey]))
            }
        }
        saved.members = members.isEmpty ? nil : members
        let planned = changes.filter { $0.state == .planned }
        saved.changes = Dictionary(
            planned.map { ("\($0.label) at \($0.targetKey)", $0.action.rawValue) }
        ) { first, _ in first }
        saved.entries.sort { ($0.target, $0.source) < ($1.target, $1.source) }
        return saved
    }
}

extension PipelinePlan {
    /// A project at a source or a target.
    public struct NamedProject: Sendable, Hashable {
        public let id: String
        /// The name; nil if neither a token nor Keystone gave it.
        public let name: String?

        /// True if other projects of the plan have the same name, besides the one at the other end.
        let isOneOfMany: Bool

        /// The name, else the id. If other projects have the name, the beginning of the id follows
        /// it.
        public var words: String {
            guard let name else { return id }
            return isOneOfMany ? "\(name) (\(id.cut(to: 8)))" : name
        }
    }

    /// Returns the projects that own an image at the source and its copy at the target; nil for one
    /// that is not known.
    public func projects(
        of item: PlanItem
    ) -> (source: NamedProject?, target: NamedProject?) {
        let intent = item.start?.intent ?? item.intent
        return (
            projects.project(item.source.ownerID),
            projects.project(intent.record.ownerID ?? intent.projectID)
        )
    }

    /// Returns `payroll -> payroll-2`; nil if all images of the plan are of one project.
    public func projectWords(of item: PlanItem) -> String? {
        guard !projects.moving.isEmpty else { return nil }
        let (source, target) = projects(of: item)
        guard source != nil || target != nil else { return nil }
        // A refused image may have no line in a table that gives its target project.
        if item.action == .refuse, target == nil { return source?.words }
        return "\(source?.words ?? "none") -> \(target?.words ?? "none")"
    }
}

extension PipelineRun {
    /// Returns the number of images that the plan leaves out because the target has another image
    /// of their name, which `on_conflict: skip` leaves as it is.
    ///
    /// - Throws: ``TranshipError/Code/journalFailed``.
    public func namesakes(in plan: PipelinePlan) async throws(TranshipError) -> Int {
        guard pipeline.targets.contains(where: { $0.rules.onConflict == .skip }) else { return 0 }
        var count = 0
        try await plan.items([.skip]) { page in
            count += page.count { item in
                if case .nameTaken(_, .skip) = item.reason { true } else { false }
            }
        }
        return count
    }

    /// Warns if the plan gives one name without placeholders to several images of a target.
    func warnOfSharedNames(in plan: PipelinePlan) async throws(TranshipError) {
        let fixed = pipeline.targets.map(\.rules.image.name).filter { !$0.text.contains("{") }
        guard !fixed.isEmpty else { return }
        let names = Set(fixed.map(\.text))
        var counts: [String: [String: Int]] = [:]
        try await plan.items([.create]) { page in
            for item in page {
                guard let name = item.record.name, names.contains(name) else { continue }
                counts[name, default: [:]][item.targetKey, default: 0] += 1
            }
        }
        for template in fixed {
            guard let most = counts.removeValue(forKey: template.text)?.values.max(), most > 1
            else {
                continue
            }
            tell(
                .warning(
                    .nameShared(
                        place: template.position.map { "\($0)" }, name: template.text, count: most))
            )
        }
    }
}
