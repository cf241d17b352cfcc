# Shell functions that the runbooks use. Set STACK (and the AWS CLI's region and credentials), then: . infra/runbooks.sh
#
#   id_of LOGICAL_ID              the name or ARN of a resource of the stack, e.g. id_of JobsSendMail
#   logs GROUP MINUTES QUERY      asks Logs Insights about the last minutes of FunctionLogs or ApiLogs
#   metric NAMESPACE NAME MINUTES STATISTIC [DIMENSION=VALUE …]    the last minutes of a metric, newest last

: "${STACK:?set STACK to the name of the stack}"

id_of() {
  aws cloudformation describe-stack-resource --stack-name "$STACK" --logical-resource-id "$1" \
    --query StackResourceDetail.PhysicalResourceId --output text
}

logs() {
  local now query
  now=$(date +%s)
  query=$(aws logs start-query --log-group-name "$(id_of "$1")" --start-time $((now - $2 * 60)) --end-time "$now" \
    --query-string "$3" --query queryId --output text) || return
  while [ "$(aws logs get-query-results --query-id "$query" --query status --output text)" = Running ]; do sleep 1; done
  aws logs get-query-results --query-id "$query" --query 'results[].[*].value' --output json | jq -c '.[]'
}

metric() {
  local namespace=$1 name=$2 minutes=$3 statistic=$4 now pair
  shift 4
  now=$(date +%s)
  local dimensions=()
  for pair in "$@"; do dimensions+=("Name=${pair%%=*},Value=${pair#*=}"); done
  aws cloudwatch get-metric-statistics --namespace "$namespace" --metric-name "$name" --period 60 --statistics "$statistic" \
    --start-time $((now - minutes * 60)) --end-time "$now" ${dimensions:+--dimensions "${dimensions[@]}"} \
    --query "sort_by(Datapoints, &Timestamp)[].[Timestamp, $statistic]" --output text
}
