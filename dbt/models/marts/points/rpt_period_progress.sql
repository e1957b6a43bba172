-- what a member's running months, quarters and years hold so far under each rule that looks at them, also before they are worth anything
select
    periods.programme_id,
    periods.rule_key,
    periods.rule_id,
    periods.cause,
    periods.member_party_id as member_id,
    periods.distributor_party_id as distributor_id,
    periods.currency,
    periods.ends_on,
    periods.quantity_milli,
    periods.amount_subcents,
    periods.points as points_so_far
from {{ ref('stg_ledger__periods') }} as periods
