// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
public import MigrationJournal
public import MigrationModel
public import MigrationPipeline
public import PipelineFiles

/// Compares sources with targets and decides what to do with each image.
///
/// Listings are streamed page by page into the plan and compared there, so memory
/// does not grow with the number of images.
public struct Planner: Sendable {
    /// The journal, which is only read: a run may use it at the same time.
    let journal: Journal
    let plan: Plan
    let sources: [any ImageSource]
    let targets: [PlanningTarget]
    let date: String
    let nowUnixSeconds: Int64
    let mode: TransferMode
    /// The value of `limits.deletes`: the number of earlier versions that one run may delete.
    let deletesMax: Int
    let costs: MethodCosts
    /// The methods of a saved plan, which do not change.
    let savedMethods: SavedMethods
    let tell: @Sendable (PlanningEvent) -> Void
    /// Receives names in the pipeline that match no image.
    let missed: @Sendable (MissedSelection) -> Void
    /// Receives images that the pipeline does not select, with the key of the condition that
    /// failed.
    let unselected: @Sendable (UnselectedImages.Image, _ key: String) -> Void
    /// Receives a source that cannot be listed, by its index; nil if the plan needs all sources.
    let absent: (@Sendable (_ sourceIndex: Int, TranshipError) -> Void)?
    let seriesSources = SeriesSources()
    let vanished = VanishedProducts()
    let spooled = SpooledData()
    let crossing: CrossingImages
    let projectsSeen = ProjectsSeen()
    let pastLessons = PastLessons()
    /// Reads data on this machine, to compare it with an image of the same name; nil compares only
    /// known facts.
    let reading: DataReading?
    /// The digests of the data that was read.
    let digests = Guarded<[String: Checksum]>([:])

    /// The number of items that are decided in one transaction. Longer lists would be large blocks
    /// of memory, which the system maps and clears again for each page.
    static let pageImages = 100

    public init(
        journal: Journal, plan: Plan, sources: [any ImageSource], targets: [PlanningTarget],
        nowUnixSeconds: Int64, mode: TransferMode = .auto, deletesMax: Int = 0,
        costs: MethodCosts = .init(), savedMethods: SavedMethods = .init(),
        tell: @escaping @Sendable (PlanningEvent) -> Void = { _ in },
        missed: @escaping @Sendable (MissedSelection) -> Void = { _ in },
        unselected: @escaping @Sendable (UnselectedImages.Image, _ key: String) -> Void = {
            _, _ in
        },
        absent: (@Sendable (_ sourceIndex: Int, TranshipError) -> Void)? = nil,
        reading: DataReading? = nil
    ) {
        self.absent = absent
        self.reading = reading
        self.missed = { [seriesSources] found in
            seriesSources.noteGap()
            missed(found)
        }
        self.unselected = unselected
        self.journal = journal
        self.plan = plan
        self.sources = sources
        crossing = CrossingImages(sources)
        self.targets = targets
        self.nowUnixSeconds = nowUnixSeconds
        self.mode = mode
        self.deletesMax = deletesMax
        self.costs = costs
        self.savedMethods = savedMethods
        self.tell = tell
        date = Date(timeIntervalSince1970: Double(nowUnixSeconds)).formatted(
            .iso8601.year().month().day())
    }

    /// Reads all listings and decides. Changes nothing but the plan.
    ///
    /// - Throws: an error that makes the whole plan impossible: no answer from a target or from
    ///   every source, lost credentials, errors of the journal. An error that concerns only one
    ///   image becomes a refusal in the plan.
    ///
    /// - Returns: the needs for which the targets' quotas have no room.
    public func makePlan() async throws(TranshipError) -> [TranshipError] {
        try await compare()
        try await planChanges()
        try await tellEarlierVersions()
        var shortfalls: [TranshipError] = []
        for target in targets {
            shortfalls += try await self.shortfalls(target)
        }
        plan.finish()
        return shortfalls
    }

    /// The projects that own images of the sources, or copies of them.
    public var projectIDs: Set<String> { projectsSeen.ids }

    /// The projects that the plan's images are shared with, at the sources and at the targets, and
    /// those that its notes name.
    public var memberIDs: Set<String> { projectsSeen.memberIDs }

    /// Reads all listings into the plan and decides about each image.
    func compare() async throws(TranshipError) {
        try await plan.begin()
        try await pastLessons.learn(from: journal)
        spooled.note(try await journal.spoolEntries(run: nil).map(\.entry))
        for (index, target) in targets.enumerated() {
            tell(
                .asking(
                    what: "target \(target.opened.key)", number: index + 1, of: targets.count))
            try await listTarget(target)
        }
        var series = SeriesCheck()
        var decisions = Decisions(held: try await journal.heldVersions())
        var listing = Listing(
            date: date, nowUnixSeconds: nowUnixSeconds, tell: tell, missed: missed,
            unselected: unselected,
            copied: { [journal] (names) throws(TranshipError) in
                try await journal.copiedImages(named: names)
            },
            products: { (selector) throws(TranshipError) in try await remembered(selector) },
            upstream: { (lineage, place) throws(TranshipError) in
                try await remembered(lineage, place)
            })
        listing.hasProjects = targets.contains { $0.route != nil }
        var listed = ListedSources(count: sources.count, ahead: await listAhead(listing))
        for index in sources.indices {
            tell(
                .asking(
                    what: "source \(sources[index].endpoint)", number: index + 1,
                    of: sources.count))
            try await list(index, listing, &series, &decisions, &listed)
        }
        try await tellVanished()
        try await addCrossing(&decisions, absent: listed.absent)
        try await decideRest(&decisions, &listed)
        try await chooseWays()
    }

    /// Compares the plan's needs at a target with the room that its quotas leave.
    private func shortfalls(
        _ target: PlanningTarget
    ) async throws(TranshipError) -> [TranshipError] {
        let additions = try await plan.additions(targetKey: target.opened.key)
        guard additions.images > 0 else { return [] }
        var found: [TranshipError] = []
        func report(_ needed: String, _ quota: String, _ left: String) {
            found.append(
                TranshipError(
                    .quotaExceeded,
                    "target \(target.opened.key): the plan adds \(needed) and the project's quota "
                        + "\(quota) leaves \(left)",
                    hint: "raise the quota, or select fewer images"))
        }
        if let left = target.opened.offer.left(of: "image_size_total") {
            // A quota counts the copy in each store.
            let bytes = additions.sizeBytes.clampedProduct(target.storeCount)
            let neededMiB = (bytes >> 20) + (bytes & ((1 << 20) - 1) == 0 ? 0 : 1)
            if neededMiB > left {
                report("\(neededMiB) MiB", "image_size_total", "\(max(0, left)) MiB")
            }
        }
        if let left = target.opened.offer.left(of: "image_count_total"), additions.images > left {
            report(counted(additions.images, "image"), "image_count_total", "\(max(0, left))")
        }
        return found
    }

    // MARK: Targets

    func listTarget(_ target: PlanningTarget) async throws(TranshipError) {
        var count = 0
        // With an owner table, copies are in other projects as well.
        let ownerID = target.rules.image.owner == nil ? target.opened.projectID : nil
        let key = target.opened.key
        do throws(TranshipError) {
            try await target.opened.uploader.list(ownerID: ownerID) {
                (page) throws(TranshipError) in
                count += page.count
                try await plan.add(page)
                tell(.listing(what: "target \(key)", images: count))
            }
        } catch {
            guard error.isAnAnswer, !error.isNaming(key) else { throw error }
            throw error.whileDoing("listing the images of target \"\(key)\"", naming: key)
        }
    }

    // MARK: Items

    /// Adds a page of a source's images to the plan, once for each target.
    func add(
        _ images: [ListedImage], from source: any ImageSource, _ decisions: inout Decisions
    ) async throws(TranshipError) {
        for target in targets {
            for start in stride(from: 0, to: images.count, by: Self.pageImages) {
                var items: [PlanItem] = []
                for listed in images[start...].prefix(Self.pageImages)
                where listed.isWanted(at: target) {
                    var image = listed
                    switch target.route?.verdict(listed) ?? .wanted {
                    case .unwanted: continue
                    case .wanted: break
                    case .refused(let refusal): image.refusal = image.refusal ?? refusal
                    }
                    items.append(try item(image, from: source, to: target))
                }
                try await add(items, &decisions)
            }
        }
    }

    private func item(
        _ listed: ListedImage, from source: any ImageSource, to target: PlanningTarget
    ) throws(TranshipError) -> PlanItem {
        let image = listed.image
        let rules = MetadataRules(
            target: target.rules,
            sharesKeystone: target.sharesKeystone(with: source),
            date: date, projects: target.route?.members)
        var name = image.name
        var unnamed: TranshipError?
        do {
            name = try renderedName(listed, target)
        } catch {
            // `{version}` is in the name, but the image does not state one. Only this image is
            // refused.
            unnamed = error
        }
        var result = rules.apply(image, name: name)
        result.record.verification = target.verification
        if let kept = target.rules.image.keepID, let id = image.imageID, KeptIDs.isUUID(id) {
            result.record.keptID = kept
        }
        if let refusal = KeptIDs.refusal(image, from: source, to: target) {
            result.refusal = result.refusal ?? refusal
        }
        if !listed.namedAs.isEmpty, let status = image.status,
            ![.active, .deactivated].contains(status)
        {
            // No condition selected the image, so no condition can leave it out.
            result.refusal = result.refusal?.hinting(
                "\(status.stepToData), or leave out the images that name it")
        }
        // The rules have no facts about an image that could not be examined.
        result.refusal = listed.refusal ?? result.refusal ?? unnamed
        var choice = Negotiation.Choice(method: .upload, reason: .namedByPipeline)
        do throws(TranshipError) {
            choice = try method(for: image, from: source, to: target)
        } catch {
            result.refusal = result.refusal ?? error
        }
        let project = result.record.ownerID ?? target.opened.projectID ?? ""
        let owner =
            result.refusal == nil
            ? project : target.project(for: image)
        projectsSeen.note([image.ownerID, owner])
        var intent = Intent(
            targetKey: target.opened.key, source: image, record: result.record,
            origin: ImageIdentity.origin(of: image, project: project), method: choice.method,
            methodReason: choice.reason, fallbacks: choice.fallbacks)
        intent.projectID = result.refusal == nil ? target.opened.projectID : owner
        return PlanItem(
            intent,
            firstImageID: ImageIdentity.imageID(
                of: image, project: project, generation: 0, keptID: result.record.keptID),
            promise: image.checksums.first, notes: listed.notes + result.notes,
            refusal: result.refusal.map { .init($0) })
    }

    private func method(
        for image: SourceImage, from source: any ImageSource, to target: PlanningTarget
    ) throws(TranshipError) -> Negotiation.Choice {
        let negotiation = Negotiation(
            offer: target.opened.offer, stores: target.rules.stores, costs: costs,
            endpoint: target.opened.endpoint)
        let origin = Negotiation.Origin(
            source.fetchable(image, for: target.opened.region), promise: image.checksums.first,
            sizeBytes: image.sizeBytes, endpoint: source.endpoint)
        guard let named = target.rules.method else {
            let choice = negotiation.choose(
                for: origin, saved: savedMethods.method(of: image, at: target))
            return target.rules.image.keepID == nil ? choice : choice.keepingID
        }
        return try negotiation.check(named, for: origin)
    }

    private func renderedName(
        _ listed: ListedImage, _ target: PlanningTarget
    ) throws(TranshipError) -> String? {
        let template = target.rules.image.name
        if template == .sourceName { return listed.image.name }
        return try template.render(
            PlaceholderValues(
                name: listed.image.displayName, id: listed.image.imageID,
                stem: listed.stem ?? listed.image.displayName, date: date,
                version: listed.image.version ?? listed.image.properties["os_version"],
                checksum: listed.image.promise?.value))
    }

    // MARK: Decisions

    func target(_ key: String) -> PlanningTarget? { targets.first { $0.opened.key == key } }

    func decide(_ given: PlanComparison) async throws(TranshipError) -> PlanItem {
        var comparison = given
        guard let target = target(comparison.item.targetKey) else {
            return comparison.item.decided(.refuse, .refused(message: "its target is gone"))
        }
        if comparison.item.refusal == nil {
            comparison.item = try await withReferences(comparison.item, at: target)
        }
        comparison = try await withUnlisted(comparison, at: target)
        comparison.holder = comparison.ours.first {
            ownership(of: $0, comparison, at: target) == .holdsKeptID
        }
        comparison = try await withAlike(try await withStrangers(comparison, at: target))
        comparison.ours = ours(comparison, at: target)
        let decision = Decision(
            onConflict: onConflict(of: comparison.item, at: target),
            allStores: target.opened.offer.writableStores,
            namesHaveDays: target.namesHaveDays,
            hasSeriesRules: target.hasSeriesRules,
            givesIDsAgain: target.opened.offer.givesIDsAgain,
            projectID: target.opened.projectID)
        comparison = try await withLookalikes(comparison, decision)
        return leavingOthersAlone(decision.decide(comparison), comparison, at: target)
    }

    func ownership(
        of image: TargetImage, _ comparison: PlanComparison, at target: PlanningTarget
    ) -> Ownership {
        let item = comparison.item
        return Ownership(
            of: image, source: item.source, record: item.record, origin: item.origin,
            transfer: comparison.transfer, projectID: target.opened.projectID,
            project: .known(item.record.ownerID ?? target.opened.projectID, of: image))
    }

    func ours(_ comparison: PlanComparison, at target: PlanningTarget) -> [TargetImage] {
        comparison.ours.filter {
            let ownership = ownership(of: $0, comparison, at: target)
            // Another process may have proved and published the record that this journal gave up.
            // It is the copy then, unless this journal has another one.
            let isPublishedSince =
                ownership == .givenUpKeptID && comparison.transfer?.imageID == nil && $0.isWhole
                && !$0.isAsMade
            return ownership.isCopy || isPublishedSince
        }
    }
}
